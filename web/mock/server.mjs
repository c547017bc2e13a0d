// A stand-in for the server: built files with the real security policy, the API in memory, and a consent
// page on another origin. Prints the same line as `tandem demo --json`, so that the browser tests run on it.
import { existsSync, readFileSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { extname, join, normalize } from 'node:path';
import { answer } from './api.mjs';
import { past as pastOf } from './past.mjs';
import { finish, startRun } from './runs.mjs';
import { control } from './sandbox.mjs';
import { companies, connection, PASSWORD, PROVIDERS, planOf, sessions } from './state.mjs';

const TYPES = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
  '.txt': 'text/plain',
};
const flag = (name) => process.argv[process.argv.indexOf(name) + 1];
const port = Number(process.argv.includes('--port') ? flag('--port') : (process.env.PORT ?? 8787));
const root = join(import.meta.dirname, '..', 'dist');

const csp = (nonce) =>
  `default-src 'self'; script-src 'self'; style-src-elem 'self' 'nonce-${nonce}'; style-src-attr 'unsafe-inline'; img-src 'self' data:; object-src 'none'; base-uri 'none'; frame-ancestors 'none'`;

function file(req, res, path) {
  const asked = join(root, normalize(path));
  const found =
    path !== '/' && existsSync(asked) && statSync(asked).isFile() ? asked : join(root, 'index.html');
  const headers = {
    'content-type': TYPES[extname(found)] ?? 'application/octet-stream',
    'cache-control': path.startsWith('/assets/') ? 'public, max-age=31536000, immutable' : 'no-cache',
    vary: 'accept-encoding',
    'x-content-type-options': 'nosniff',
  };
  if (found.endsWith('index.html')) {
    const nonce = Math.random().toString(36).slice(2);
    headers['content-security-policy'] = csp(nonce);
    return res.writeHead(200, headers).end(readFileSync(found, 'utf8').replaceAll('__CSP_NONCE__', nonce));
  }
  for (const [coding, suffix] of [
    ['br', '.br'],
    ['gzip', '.gz'],
  ])
    if (req.headers['accept-encoding']?.includes(coding) && existsSync(found + suffix))
      return res.writeHead(200, { ...headers, 'content-encoding': coding }).end(readFileSync(found + suffix));
  res.writeHead(200, headers).end(readFileSync(found));
}

const cookieOf = (req) => /tandem_session=([^;]+)/.exec(req.headers.cookie ?? '')?.[1];
const to = (res, location) => res.writeHead(303, { location }).end();

function connect(req, res, slug, consent) {
  const who = sessions.get(cookieOf(req));
  const p = PROVIDERS.find((x) => x.provider === slug);
  if (!who) return to(res, '/signin');
  if (!p?.configured) return to(res, `/integrations?problem=${p ? 'not_configured' : 'not_found'}`);
  if (!planOf(who.company).features.includes(p.feature)) return to(res, '/contacts?upgrade=business');
  to(res, `${consent}/?provider=${slug}`);
}

function callback(req, res, slug, q) {
  const who = sessions.get(cookieOf(req));
  if (q.get('error')) return to(res, `/integrations?integration=${slug}&status=error&reason=denied`);
  const old = who.company.connections[slug];
  who.company.connections[slug] = {
    ...connection(slug, who.member),
    ...(old && { mapped: old.mapped, forecast: old.forecast, last_sync: old.last_sync }),
  };
  to(res, `/contacts/${slug}?integration=${slug}&status=connected`);
}

async function read(req) {
  let text = '';
  for await (const part of req) text += part;
  return text ? JSON.parse(text) : {};
}

const consentServer = createServer((req, res) => {
  const { pathname } = new URL(req.url, 'http://x');
  if (pathname.startsWith('/__sandbox/')) {
    const [status, body] = control(req.method, pathname);
    return res.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  }
  const slug = new URL(req.url, 'http://x').searchParams.get('provider');
  const back = `http://127.0.0.1:${port}/api/integrations/${slug}/callback`;
  res
    .writeHead(200, { 'content-type': 'text/html' })
    .end(`<!doctype html><title>Consent</title><h1>Allow Tandem?</h1><form action="${back}">
<label>Company <select name="company"><option>Halden Sales</option></select></label><label>User <select name="user"><option>Ines Haddad</option></select></label>
<button name="code" value="c">Allow</button><button name="error" value="access_denied">Deny</button></form>`);
});

const server = createServer(async (req, res) => {
  const url = new URL(req.url, 'http://x');
  const trip = /^\/api\/integrations\/([^/]+)\/(connect|callback)$/.exec(url.pathname);
  if (trip?.[2] === 'connect')
    return connect(req, res, trip[1], `http://127.0.0.1:${consentServer.address().port}`);
  if (trip) return callback(req, res, trip[1], url.searchParams);
  if (!url.pathname.startsWith('/api/')) return file(req, res, url.pathname);
  try {
    const done = answer(req, res, url, await read(req), cookieOf(req));
    if (!done) return;
    const [status, body, session] = done;
    const headers = { 'content-type': 'application/json', 'cache-control': 'no-store' };
    if (session) headers['set-cookie'] = `tandem_session=${session}; Path=/; HttpOnly; SameSite=Lax`;
    res.writeHead(status, headers).end(status === 204 ? undefined : JSON.stringify(body));
  } catch (error) {
    const body = error.body ?? {
      title: 'The mock failed',
      status: 500,
      detail: String(error),
      code: 'internal',
      request_id: 'mock',
    };
    if (!error.body) console.error(error);
    res.writeHead(body.status, { 'content-type': 'application/problem+json' }).end(JSON.stringify(body));
  }
});

consentServer.listen(0, '127.0.0.1', () =>
  server.listen(port, '127.0.0.1', () => {
    const members = companies.flatMap((c) =>
      c.members.map((m) => ({
        email: m.email,
        password: PASSWORD,
        role: m.role,
        company: c.name,
        plan: c.plan,
      })),
    );
    const url = `http://127.0.0.1:${server.address().port}`;
    console.log(
      JSON.stringify({
        url,
        sandboxes: { acme: `http://127.0.0.1:${consentServer.address().port}` },
        members,
      }),
    );
  }),
);

// A past to look at: a full import, after which some people changed at the provider.
const birch = companies[1];
const past = startRun(birch, 'acme', 'full', undefined, birch.members[0]);
const settle = setInterval(() => {
  if (past.state !== 'completed') return;
  clearInterval(settle);
  let n = 0;
  for (const contact of birch.contacts) {
    contact.warmness = (n++ * 7) % 11;
    contact.created_at = new Date(Date.now() - n * 41e5).toISOString();
    contact.updated_at = new Date(Date.now() - (n % 40) * 29e5).toISOString();
    contact.owner = n % 6 ? { member_id: birch.members[n % 3].id, name: birch.members[n % 3].name } : null;
  }
  for (const known of birch.connections.acme.mapped.values()) known.stale = n++ % 9 === 2;
  pastOf(birch);
  const cut = startRun(birch, 'acme', 'full', undefined, birch.members[1]);
  setTimeout(() => {
    cut.state_reason = 'Acme CRM stopped answering. Resume when it is back; nothing is imported twice.';
    finish(birch, cut, 'failed');
  }, 1600);
}, 100);
