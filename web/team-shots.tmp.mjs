import { spawn } from 'node:child_process';
import { chmodSync, mkdtempSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { chromium } from '@playwright/test';
const OUT = '/tmp/w/team-shots';
const data = mkdtempSync('/tmp/tandem-shots-'); chmodSync(data, 0o755);
const child = spawn('/tmp/w/team/target/debug/tandem', ['demo', '--json', '--port', '8931'], { env: { ...process.env, TANDEM_ENV: 'development', TANDEM_DATA_DIR: data }, stdio: ['ignore', 'pipe', 'inherit'] });
const demo = await new Promise((done) => createInterface({ input: child.stdout }).on('line', (l) => l.includes('"members"') && done(JSON.parse(l))));
const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'] });
const faults = [];
const find = (plan, role = 'owner') => demo.members.find((m) => m.plan === plan && m.role === role);
async function login(page, who) {
  const r = await page.request.post(`${demo.url}/api/auth/login`, { data: { email: who.email, password: who.password }, headers: { 'X-Tandem-CSRF': '1', origin: demo.url } });
  if (!r.ok()) throw new Error(await r.text());
}
const H = { 'X-Tandem-CSRF': '1', origin: demo.url };
// set up
const setup = await (await browser.newContext()).newPage();
const owner = find('teams'); await login(setup, owner);
await setup.goto(`${demo.url}/integrations`);
const connect = setup.getByRole('button', { name: /^Connect / }).first();
await connect.click();
await setup.getByRole('dialog').getByRole('link', { name: /^Continue to/ }).click();
await setup.getByLabel('Company').waitFor();
await setup.getByRole('button', { name: 'Allow' }).click();
await setup.waitForURL(/contacts/);
const slug = Object.keys(demo.sandboxes)[0];
await setup.request.get(`${demo.url}/api/integrations/${slug}/users`);
await setup.request.post(`${demo.url}/api/team/invitations`, { data: { email: 'nora.newcomer@example.com', role: 'golden_ticket' }, headers: H });
await setup.waitForTimeout(2500);
const box = await (await setup.request.get(`${demo.url}/api/dev/mailbox`)).json();
const token = box.items[0].links[0].split('#token=')[1];
const PAGES = {
  team: [owner, '/team'],
  'team-invite': [find('business'), '/team', async (p) => { await p.getByRole('button', { name: 'Invite', exact: true }).click(); }],
  'team-remove': [owner, '/team', async (p) => { await p.getByRole('button', { name: /^Remove Leo/ }).click(); }],
  'team-consultant': [find('teams', 'consultant'), '/team'],
  'team-free': [find('free'), '/team'],
  join: [null, `/join#token=${token}`],
  'join-gone': [null, '/join#token=x'],
  security: [owner, '/settings/security'],
  'security-setup': [find('business'), '/settings/security', async (p) => {
    await p.getByRole('button', { name: 'Turn it on' }).click();
    await p.getByRole('dialog').getByLabel('Your password', { exact: true }).fill(find('business').password);
    await p.getByRole('dialog').getByRole('button', { name: 'Go on' }).click();
    await p.getByRole('img', { name: /^QR/ }).waitFor();
  }],
  audit: [owner, '/settings/audit', async (p) => { await p.getByRole('button', { name: 'Check the chain' }).click(); }],
  settings: [owner, '/settings'],
};
const only = process.argv[2] ?? '';
for (const [name, [who, path, act]] of Object.entries(PAGES)) {
  if (!name.includes(only)) continue;
  for (const width of [1440, 390]) for (const scheme of ['light', 'dark']) {
    const phone = width < 500;
    const context = await browser.newContext({ viewport: { width, height: phone ? 844 : 900 }, colorScheme: scheme, reducedMotion: 'reduce', isMobile: phone, hasTouch: phone });
    const page = await context.newPage(); const shot = `${name}-${width}-${scheme}`;
    page.on('console', (m) => m.type() === 'error' && !/40[0149]/.test(m.text()) && faults.push(`${shot}: ${m.text()}`));
    page.on('pageerror', (e) => faults.push(`${shot}: ${e.message}`));
    try {
      if (who) await login(page, who);
      await page.goto(demo.url + path); await page.waitForTimeout(900); await act?.(page); await page.waitForTimeout(500);
      const over = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      if (over > 0) faults.push(`${shot}: ${over} px too wide`);
      await page.screenshot({ path: `${OUT}/${shot}.png` });
    } catch (e) { faults.push(`${shot}: ${e.message.split('\n')[0]}`); await page.screenshot({ path: `${OUT}/${shot}-fault.png` }).catch(() => {}); }
    await context.close();
  }
}
await browser.close(); child.kill('SIGINT'); await new Promise((d) => child.once('exit', d));
console.log(faults.length ? faults.join('\n') : 'no faults'); process.exit(0);
