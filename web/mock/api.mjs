// The HTTP contract, in memory. Enough to build and look at every page without the real server.

import { activities } from './activities.mjs';
import { auth } from './auth.mjs';
import { forecast, ledger } from './budget.mjs';
import * as work from './campaigns.mjs';
import { contacts, create, paged, patch } from './contacts.mjs';
import { leadsOf, watch } from './deliveries.mjs';
import * as out from './outbound.mjs';
import { refuse } from './refuse.mjs';
import { FINAL, finish, go, listen, startRun } from './runs.mjs';
import { mails, PROVIDERS, planOf, sessions } from './state.mjs';
import * as view from './views.mjs';

function integration(who, method, slug, action, q, body) {
  const { company, member } = who;
  const p =
    PROVIDERS.find((x) => x.provider === slug) ?? refuse(404, 'not_found', 'There is no such provider.');
  const c = company.connections[slug];
  if (action === 'contacts') {
    if (c?.state !== 'active') refuse(404, 'not_connected', 'Connect it first.');
    return [
      200,
      view.remotePeople(
        company,
        slug,
        q.get('search'),
        Number((q.get('cursor') ?? 'p0').slice(1)),
        Number(q.get('limit') ?? 50),
      ),
    ];
  }
  if (action === 'budget') return [200, ledger(slug, c)];
  if (action === 'sync/forecast') return [200, forecast(c, q.get('mode'), Number(q.get('count') ?? 0))];
  if (action === 'sync') {
    if (!planOf(company).features.includes(p.feature))
      refuse(403, 'plan', 'Your plan does not include this.', { upgrade_to: 'business' });
    if (c?.state !== 'active') refuse(404, 'not_connected', 'Connect it first.');
    if (c.running) return [202, { run_id: c.running.run_id, already_running: true }];
    return [202, { run_id: startRun(company, slug, body.mode, body.ids, member).id, already_running: false }];
  }
  if (action === 'deliveries') return [200, out.list(who, new URLSearchParams([...q, ['provider', slug]]))];
  if (action === 'retry') return [200, out.retry(who, slug, body)];
  if (action === 'push') {
    if (!c || c.state === 'disconnected') refuse(404, 'not_connected', 'Connect it first.');
    return method === 'GET'
      ? [200, { provider: slug, qualifying: out.qualifying(company, slug).length }]
      : [200, out.push(who, slug, body)];
  }
  if (action === 'resume') {
    c.state = 'active';
    return [200, view.provider(company, p)];
  }
  if (action === 'disconnect') {
    c.state = 'disconnected';
    return [200, { contacts_kept: c.mapped.size }];
  }
  if (action === 'delete-data') {
    if (body.confirm !== c.account_name)
      refuse(400, 'invalid', 'The name does not match.', {
        fields: [{ field: 'confirm', message: 'Type the name as shown' }],
      });
    delete company.connections[slug];
    return [200, { mappings_deleted: c.mapped.size }];
  }
  return refuse(404, 'not_found', `No ${method} ${action}`);
}

function runs({ company }, method, id, action, q, res) {
  if (!id)
    return [
      200,
      paged(
        company.runs
          .filter(
            (r) =>
              (!q.get('state') || r.state === q.get('state')) &&
              (!q.get('provider') || r.provider === q.get('provider')),
          )
          .map(shown),
        q,
      ),
    ];
  const run = company.runs.find((r) => r.id === id) ?? refuse(404, 'not_found', 'There is no such run.');
  if (action === 'entries')
    return [
      200,
      paged(
        company.entries[id].filter((e) => !q.get('outcome') || e.outcome === q.get('outcome')),
        q,
      ),
    ];
  if (action === 'events') {
    res.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
    const send = (r) => {
      res.write(`event: run\ndata: ${JSON.stringify(shown(r))}\n\n`);
      if (FINAL.has(r.state)) res.end();
    };
    res.on('close', listen(id, send));
    send(run);
    return null;
  }
  if (action === 'cancel') finish(company, run, 'cancelled');
  if (action === 'resume') {
    Object.assign(run, {
      state: 'queued',
      attempts: run.attempts + 1,
      finished_at: null,
      resumable: false,
      state_reason: null,
    });
    company.connections[run.provider].running = { run_id: run.id };
    setTimeout(() => go(company, run), 300);
  }
  return [method === 'GET' ? 200 : 202, shown(run)];
}
const shown = ({ todo, ...run }) => run;

function changePlan({ company }, { plan }) {
  const seats = view.billing(company).plans.find((p) => p.id === plan)?.seats;
  if (seats && company.members.length > seats)
    refuse(
      409,
      'seats',
      `This plan has ${seats} seats and your company has ${company.members.length} members. Remove members first.`,
    );
  company.plan = plan;
  for (const p of PROVIDERS) {
    const c = company.connections[p.provider];
    if (c?.state === 'active' && !planOf(company).features.includes(p.feature)) c.state = 'paused';
  }
  return [200, view.billing(company)];
}

function settings({ company, member }, method, body) {
  if (method !== 'GET') Object.assign(company, body);
  const { name, country, warm_threshold, push_earlier } = company;
  const can_change = ['owner', 'admin'].includes(member.role);
  return [200, { name, country, warm_threshold, push_earlier, can_change, qualifying: null }];
}

function events(who, res) {
  res.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
  const send = (event) => res.write(`event: ${event.kind}\ndata: ${JSON.stringify(event)}\n\n`);
  res.on('close', watch(who.company, send));
  send({ kind: 'resync', delivery: null });
  return null;
}

/** [status, body], or null when the answer is on its way already; throws Refused. */
export function answer(req, res, url, body, cookie) {
  const [, , room, ...rest] = url.pathname.split('/');
  const q = url.searchParams;
  if (req.method !== 'GET' && req.headers['x-tandem-csrf'] !== '1')
    refuse(403, 'csrf', 'The request did not come from our pages.');
  if (room === 'dev') return [200, { items: mails }];
  if (room === 'auth') return auth(req.method, rest, body, cookie);
  const who = sessions.get(cookie) ?? refuse(401, 'unauthenticated', 'Sign in first.');
  if (room === 'team')
    return [
      200,
      {
        items: who.company.members.map((m) => ({
          ...m,
          contacts: who.company.contacts.filter((c) => c.owner?.member_id === m.id).length,
        })),
      },
    ];
  if (room === 'billing')
    return req.method === 'GET' ? [200, view.billing(who.company)] : changePlan(who, body);
  if (room === 'events') return events(who, res);
  if (room === 'company') return settings(who, req.method, body);
  if (room === 'deliveries') return rest[0] ? out.one(who, rest[0], rest[1], body) : [200, out.list(who, q)];
  if (room === 'activities')
    return activities(who, req.method, rest[0], q, body, req.headers['idempotency-key']);
  if (room === 'sync-logs') return runs(who, req.method, rest[0], rest[1], q, res);
  if (room === 'integrations') {
    if (rest[0] === 'status')
      return [200, { providers: PROVIDERS.map((p) => view.provider(who.company, p)) }];
    return integration(who, req.method, rest[0], rest.slice(1).join('/'), q, body);
  }
  if (room === 'campaigns') return work.campaigns(who, req.method, rest, q, body);
  if (room === 'saved-filters') return work.filters(who, req.method, rest[0], body);
  if (room !== 'contacts') refuse(404, 'not_found', 'There is no such address.');
  if (!rest[0]) return req.method === 'GET' ? [200, contacts(who, q)] : [201, create(who, body)];
  if (rest[0] === 'suggested') return work.suggested(who, q);
  if (rest[0] === 'tags') return work.tags(who);
  if (rest[0] === 'bulk') return work.many(who, body);
  const contact =
    who.company.contacts.find((c) => c.id === rest[0]) ??
    refuse(404, 'not_found', 'There is no such contact.');
  if (rest[1] === 'snooze') return work.snooze(who, contact, body);
  if (req.method === 'DELETE') {
    who.company.contacts.splice(who.company.contacts.indexOf(contact), 1);
    return [204];
  }
  return [
    200,
    req.method === 'GET' ? { ...contact, leads: leadsOf(who.company, contact) } : patch(who, contact, body),
  ];
}
