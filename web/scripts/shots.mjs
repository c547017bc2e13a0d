// Pictures of every page on the stand-in server: wide and narrow, light and dark. `npm run shots -- contacts`
import { spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { chromium } from '@playwright/test';

const OUT = process.env.OUT ?? 'test-results/shots';
const only = process.argv[2] ?? '';
mkdirSync(OUT, { recursive: true });
const server = spawn('node', ['mock/server.mjs', '--port', '0'], { stdio: ['ignore', 'pipe', 'inherit'] });
const line = await new Promise((done) => createInterface({ input: server.stdout }).once('line', done));
const { url, members } = JSON.parse(line);
await new Promise((done) => setTimeout(done, 5000)); // the imported past of the business company

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM_PATH ?? '/usr/bin/chromium',
  args: [
    '--no-sandbox',
    '--disable-gpu',
    '--disable-quic',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
  ],
});
const as = (plan, role = 'owner') => members.find((m) => m.plan === plan && m.role === role);
const business = as('business');
const runOf = async (p, n) => (await (await p.request.get(`${url}/api/sync-logs`)).json()).items.at(n).id;

const get = async (p, path) => (await p.request.get(url + path)).json();
/** The contact of the first delivery in this state. */
const contactOf = async (p, query) =>
  `/contacts/person/${(await get(p, `/api/deliveries?${query}`)).items[0].contact.id}`;
const deliveryOf = async (p, query) =>
  `/sync-logs/deliveries/${(await get(p, `/api/deliveries?${query}`)).items[0].id}`;
const log = (p) => p.getByRole('button', { name: /^Log( activity)?$/ }).click();

const PAGES = {
  signin: [null, '/signin'],
  signup: [null, '/signup'],
  forgot: [null, '/forgot'],
  reset: [null, '/reset#token=good'],
  confirm: [null, '/confirm#token=good'],
  mailbox: [null, '/dev/mailbox'],
  contacts: [business, '/contacts'],
  'contacts-drawer': [
    business,
    '/contacts',
    (p) =>
      p
        .getByRole('button', { name: /^(Ava|Noah|Mia|Liam|Omar|Kai|Lena|Theo)/ })
        .first()
        .click(),
  ],
  'contacts-menu': [business, '/contacts', (p) => p.getByRole('button', { name: 'Add contacts' }).click()],
  'contacts-add': [business, '/contacts?add=one'],
  'contacts-spotlight': [
    business,
    '/contacts',
    async (p) => {
      await p.keyboard.press('Control+k');
      await p.keyboard.type('no');
      await p.waitForTimeout(500);
    },
  ],
  'contacts-notices': [
    business,
    '/contacts',
    async (p) => {
      for (const _ of [0, 1])
        await p
          .getByRole('button', { name: /^Raise warmness/ })
          .first()
          .click();
      await p.getByRole('button', { name: /^Notifications/ }).click();
    },
  ],
  'contacts-select': [
    business,
    '/contacts',
    async (p) => {
      if ((await p.viewportSize()).width > 500) return;
      await p.getByRole('button', { name: 'Select', exact: true }).click();
      const people = p.getByRole('region', { name: 'Contact list' }).getByRole('button');
      for (const i of [0, 2]) await people.nth(i).click();
    },
  ],
  'contacts-nomatch': [business, '/contacts?search=zzzzz'],
  'contacts-first': [as('teams'), '/contacts'],
  'contacts-upgrade': [as('free'), '/contacts?upgrade=business&from=acme'],
  integrations: [business, '/integrations'],
  'integrations-table': [
    business,
    '/integrations',
    (p) => p.getByRole('button', { name: 'Show as table' }).first().click(),
  ],
  'integrations-denied': [as('teams'), '/integrations?integration=acme&status=error&reason=denied'],
  'integrations-asks': [
    as('teams'),
    '/integrations',
    (p) => p.getByRole('button', { name: 'Connect Acme CRM' }).click(),
  ],
  'integrations-disconnect': [
    business,
    '/integrations',
    (p) => p.getByRole('button', { name: 'Disconnect' }).last().click(),
  ],
  import: [business, '/contacts/acme'],
  'import-select': [
    business,
    '/contacts/acme',
    async (p) => {
      for (const i of [1, 2, 4]) await p.getByRole('checkbox').nth(i).check();
      await p
        .getByRole('button', { name: /^Details of/ })
        .nth(2)
        .click();
      await p
        .getByRole('button', { name: /^Details of/ })
        .nth(2)
        .scrollIntoViewIfNeeded();
    },
  ],
  'import-cost': [
    business,
    '/contacts/acme',
    async (p) => {
      await p.getByText('Everyone', { exact: true }).first().click();
      await p.getByTestId('cost').waitFor();
      await p.getByTestId('cost').scrollIntoViewIfNeeded();
    },
  ],
  'import-first': [as('teams'), '/contacts/acme'],
  'import-noone': [as('business', 'consultant'), '/contacts/borealis'],
  'import-running': [
    business,
    '/contacts/acme',
    async (p) => {
      await p.getByText('Everyone', { exact: true }).first().click();
      await p.getByRole('button', { name: /^Import everyone/ }).click();
      await p.getByTestId('run-progress').waitFor();
      await p.waitForTimeout(900);
    },
  ],
  'import-done': [
    business,
    '/contacts/acme',
    async (p) => {
      await p.getByText('Changes', { exact: true }).first().click();
      await p.getByRole('button', { name: 'Check for changes' }).click();
      await p.getByTestId('run-result').waitFor();
    },
  ],
  runs: [business, '/sync-logs'],
  run: [business, async (p) => `/sync-logs/${await runOf(p, -1)}`],
  'run-failed': [
    business,
    async (p) => `/sync-logs/${await runOf(p, -2)}?outcome=updated`,
    (p) =>
      p
        .getByRole('button', { name: /^Before and after/ })
        .first()
        .click(),
  ],
  person: [
    business,
    async (p) => `/contacts/person/${(await get(p, '/api/activities/feed?done=false')).items[1].contact.id}`,
  ],
  'person-failed': [business, (p) => contactOf(p, 'cause=refused')],
  'person-choose': [
    business,
    (p) => contactOf(p, 'cause=ambiguous'),
    (p) => p.getByRole('button', { name: /^Choose who/ }).click(),
  ],
  'person-waiting': [business, (p) => contactOf(p, 'state=retrying')],
  'person-email': [
    business,
    (p) => contactOf(p, 'cause=refused'),
    async (p) => {
      await p
        .getByRole('button', { name: /^Edit e-mail/ })
        .first()
        .click();
      await p.getByRole('textbox', { name: 'E-mail' }).fill('not an address');
      await p.getByRole('button', { name: 'Save' }).click();
    },
  ],
  'person-cold': [
    business,
    async (p) => {
      const { items } = await get(p, '/api/contacts?limit=400&sort=warmness&source=manual');
      return `/contacts/person/${items.find((c) => c.linked.length === 0).id}`;
    },
  ],
  'person-missing': [business, '/contacts/person/00000000-0000-4000-8000-000000000000'],
  'person-toast': [
    business,
    async (p) => {
      const { items } = await get(p, '/api/contacts?limit=400&sort=warmness&source=manual');
      return `/contacts/person/${items.findLast((c) => c.linked.length === 0 && c.warmness === 3).id}`;
    },
    async (p) => {
      await p.getByRole('button', { name: /^Raise warmness/ }).click();
      await p.getByText('as Warm Lead').first().waitFor();
    },
  ],
  activities: [business, '/activities'],
  'activities-nomatch': [business, '/activities?kind=REFERRAL&show=todo'],
  'activities-first': [as('teams'), '/activities'],
  'activities-log': [business, '/activities', log],
  'activities-form': [
    business,
    async (p) => `/contacts/person/${(await get(p, '/api/activities/feed?done=false')).items[1].contact.id}`,
    log,
  ],
  'activities-book': [
    business,
    async (p) => `/contacts/person/${(await get(p, '/api/activities/feed?done=false')).items[1].contact.id}`,
    async (p) => {
      await log(p);
      await p.getByText('Meeting', { exact: true }).click();
      await p.getByText('Book it, or another time').click();
    },
  ],
  next: [business, '/next'],
  'next-first': [as('teams'), '/next'],
  campaigns: [business, '/campaigns'],
  'campaigns-first': [as('teams'), '/campaigns'],
  'campaigns-add': [business, '/campaigns?add=one'],
  campaign: [business, async (p) => `/campaigns/${(await get(p, '/api/campaigns')).items[1].id}`],
  'campaign-table': [
    business,
    async (p) => `/campaigns/${(await get(p, '/api/campaigns')).items[1].id}`,
    (p) => p.getByRole('button', { name: 'Show as table' }).click(),
  ],
  'campaign-assign': [
    business,
    async (p) => `/campaigns/${(await get(p, '/api/campaigns')).items[1].id}`,
    async (p) => {
      await p.getByRole('button', { name: 'Add contacts' }).first().click();
      await p.getByLabel('E-mail addresses').fill('nobody@example.com\nrubbish');
      await p.getByRole('dialog').getByRole('button', { name: 'Add contacts' }).click();
    },
  ],
  'contacts-bulk': [
    business,
    '/contacts?search=a',
    async (p) => {
      if ((await p.viewportSize()).width > 500) {
        await p.getByRole('checkbox', { name: 'Select all on this list' }).check();
        await p.getByRole('button', { name: 'Tag', exact: true }).last().click();
      } else await p.getByRole('button', { name: 'Saved filters' }).click();
    },
  ],
  deliveries: [business, '/sync-logs/deliveries'],
  'deliveries-failed': [business, '/sync-logs/deliveries?state=failed&cause=refused'],
  'deliveries-nomatch': [business, '/sync-logs/deliveries?state=dead&cause=plan'],
  'deliveries-first': [as('teams'), '/sync-logs/deliveries'],
  delivery: [business, (p) => deliveryOf(p, 'cause=refused'), (p) => p.getByText('2 attempts').click()],
  'delivery-waiting': [business, (p) => deliveryOf(p, 'state=retrying')],
  keys: [business, '/activities', (p) => p.keyboard.press('Shift+?')],
  billing: [business, '/billing'],
  'billing-free': [as('free'), '/billing?plan=business&from=acme'],
  settings: [as('business', 'admin'), '/settings'],
  account: [
    as('business', 'admin'),
    '/contacts',
    (p) => p.getByRole('button', { name: /^Account of/ }).click(),
  ],
  missing: [null, '/nowhere'],
};

const faults = [];
for (const [name, [who, path, act]] of Object.entries(PAGES)) {
  if (!name.includes(only)) continue;
  for (const width of [1440, 390, 320]) {
    if (width === 320 && process.env.NARROW !== '1') continue;
    for (const scheme of ['light', 'dark']) {
      const phone = width < 500;
      const context = await browser.newContext({
        viewport: { width, height: phone ? 844 : 900 },
        colorScheme: scheme,
        reducedMotion: 'reduce',
        isMobile: phone,
        hasTouch: phone,
      });
      const page = await context.newPage();
      const shot = `${name}-${width}-${scheme}`;
      page.on(
        'console',
        (m) => m.type() === 'error' && !/40[014]/.test(m.text()) && faults.push(`${shot}: ${m.text()}`),
      );
      page.on('pageerror', (e) => faults.push(`${shot}: ${e.message}`));
      try {
        if (who)
          await page.request.post(`${url}/api/auth/login`, { data: who, headers: { 'X-Tandem-CSRF': '1' } });
        await page.goto(url + (typeof path === 'string' ? path : await path(page)), { waitUntil: 'load' });
        await page.waitForTimeout(900);
        await act?.(page);
        await page.waitForTimeout(500);
        const over = await page.evaluate(
          () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
        );
        if (over > 0) faults.push(`${shot}: ${over} px too wide`);
        await page.screenshot({ path: `${OUT}/${shot}.png` });
      } catch (error) {
        faults.push(`${shot}: ${error.message.split('\n')[0]}`);
        await page.screenshot({ path: `${OUT}/${shot}-fault.png` }).catch(() => {});
      }
      await context.close();
    }
  }
}
await browser.close();
server.kill();
console.log(faults.length ? faults.join('\n') : 'no faults');
process.exit(faults.length ? 1 : 0);
