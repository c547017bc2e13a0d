// Lighthouse on the pages of a running demo, three times each, the median against the budgets.
// `make lighthouse` builds the release binary and names it in TANDEM_BIN; figures land in OUT as JSON.
import { spawn } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { launch } from 'chrome-launcher';
import lighthouse, { desktopConfig } from 'lighthouse';

const RUNS = Number(process.env.RUNS ?? 3);
const OUT = process.env.OUT ?? 'target/lighthouse';
const CHROME = process.env.CHROMIUM_PATH ?? '/usr/bin/chromium';
const CATEGORIES = ['performance', 'accessibility', 'best-practices'];

/** What a page may cost on this machine; scores of 100, milliseconds, shift without a unit. */
const DESKTOP = { performance: [95], accessibility: [100], 'best-practices': [100], cls: [0.02, 'most'] };
const MOBILE = { ...DESKTOP, performance: [80], lcp: [3_500, 'most'], tbt: [350, 'most'] };
const CHARTS = { ...MOBILE, performance: [70], tbt: [700, 'most'] };

const PAGES = [
  { path: '/signin', as: null },
  { path: '/contacts' },
  { path: '/next' },
  { path: '/activities' },
  { path: '/campaigns' },
  { path: '/integrations' },
  { path: '/sync-logs/deliveries' },
  { path: '/reports', mobile: CHARTS },
];

const median = (list) => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)];

async function demo() {
  const data = mkdtempSync(join(tmpdir(), 'tandem-lighthouse-'));
  chmodSync(data, 0o755); // PostgreSQL runs as another user when this runs as root
  const child = spawn(process.env.TANDEM_BIN, ['demo', '--json', '--port', process.env.PORT ?? '9876'], {
    env: { ...process.env, TANDEM_ENV: 'development', TANDEM_DATA_DIR: data },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ready = await new Promise((found, failed) => {
    child.once('exit', (code) => failed(new Error(`the demo ended with ${code} before it was ready`)));
    createInterface({ input: child.stdout }).on('line', (line) => {
      if (line.startsWith('{') && line.includes('"members"')) found(JSON.parse(line));
    });
  });
  const stop = async () => {
    const gone = new Promise((done) => child.once('exit', done));
    child.kill('SIGINT');
    await Promise.race([gone, new Promise((done) => setTimeout(done, 20_000))]);
    if (child.exitCode === null) child.kill('SIGKILL');
    rmSync(data, { recursive: true, force: true });
  };
  return { ...ready, stop };
}

async function session({ url, members }) {
  const { email, password } = members.find((m) => m.plan === 'business' && m.role === 'owner');
  const answer = await fetch(`${url}/api/auth/login`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', 'X-Tandem-CSRF': '1', Origin: url },
    body: JSON.stringify({ email, password }),
  });
  if (!answer.ok) throw new Error(`signing in answered ${answer.status}`);
  return answer.headers.getSetCookie().map((cookie) => cookie.split(';')[0]).join('; ');
}

/** One look with a browser of its own: nothing is in its cache. */
async function look(url, cookie, config) {
  const chrome = await launch({
    chromePath: CHROME,
    chromeFlags: ['--headless=new', '--no-sandbox', '--disable-gpu', '--disable-quic'],
  });
  try {
    const { lhr } = await lighthouse(
      url,
      {
        port: chrome.port,
        onlyCategories: CATEGORIES,
        logLevel: 'error',
        extraHeaders: cookie ? { Cookie: cookie } : undefined,
      },
      config,
    );
    if (lhr.runtimeError) throw new Error(`${url}: ${lhr.runtimeError.message}`);
    const failed = CATEGORIES.slice(1).flatMap((category) =>
      lhr.categories[category].auditRefs
        .filter((ref) => ref.weight > 0 && (lhr.audits[ref.id].score ?? 1) < 1)
        .map((ref) => ref.id),
    );
    return {
      ...Object.fromEntries(CATEGORIES.map((c) => [c, Math.round(lhr.categories[c].score * 100)])),
      lcp: Math.round(lhr.audits['largest-contentful-paint'].numericValue),
      tbt: Math.round(lhr.audits['total-blocking-time'].numericValue),
      cls: Number(lhr.audits['cumulative-layout-shift'].numericValue.toFixed(4)),
      failed,
    };
  } finally {
    chrome.kill();
  }
}

const product = await demo();
const figures = [];
let over = 0;
try {
  const cookie = await session(product);
  for (const { path, as, mobile } of PAGES)
    for (const [device, budget, config] of [
      ['desktop', DESKTOP, desktopConfig],
      ['mobile', mobile ?? MOBILE, undefined],
    ]) {
      const looks = [];
      for (let n = 0; n < RUNS; n += 1)
        looks.push(await look(product.url + path, as === null ? null : cookie, config));
      const of = (key) => median(looks.map((one) => one[key]));
      const missed = Object.entries(budget)
        .filter(([key, [bound, most]]) => (most ? of(key) > bound : of(key) < bound))
        .map(([key, [bound]]) => `${key} ${of(key)} (${bound})`);
      const failed = [...new Set(looks.flatMap((one) => one.failed))];
      over += missed.length > 0;
      const medians = Object.fromEntries([...CATEGORIES, 'lcp', 'tbt', 'cls'].map((key) => [key, of(key)]));
      figures.push({ path, device, ...medians, missed, failed });
      console.log(
        `${missed.length ? 'MISSED' : 'ok    '} ${device.padEnd(7)} ${path.padEnd(22)} ${JSON.stringify(medians)} ${[...missed, ...failed].join(', ')}`,
      );
    }
} finally {
  await product.stop();
}
mkdirSync(OUT, { recursive: true });
writeFileSync(join(OUT, 'lighthouse.json'), `${JSON.stringify({ runs: RUNS, figures }, null, 2)}\n`);
process.exit(over ? 1 : 0);
