// Runs that move: a page every 120 ms, told to whoever listens.
import { contactFrom, remotePerson, uuid } from './people.mjs';
import { PEOPLE, PROVIDERS, planOf } from './state.mjs';

const TICK = Number(process.env.MOCK_TICK ?? 120);
const PAGE = 75;
let counter = 1;
const listeners = new Map();
const iso = () => new Date().toISOString();
export const FINAL = new Set(['completed', 'failed', 'cancelled']);

export function listen(id, send) {
  const set = listeners.get(id) ?? new Set();
  set.add(send);
  listeners.set(id, set);
  return () => set.delete(send);
}
const tell = (run) => {
  for (const send of listeners.get(run.id) ?? []) send(run);
};

export function startRun(company, slug, mode, ids, by) {
  const connection = company.connections[slug];
  const run = {
    id: uuid(70, counter++),
    provider: slug,
    provider_name: PROVIDERS.find((p) => p.provider === slug).name,
    connection_id: connection.id,
    mode,
    direction: 'inbound',
    state: 'queued',
    state_reason: null,
    waiting_until: null,
    phase: null,
    requested_by: { member_id: by.id, name: by.name },
    created_at: iso(),
    started_at: null,
    finished_at: null,
    seen: 0,
    counts: { created: 0, updated: 0, linked: 0, unchanged: 0, skipped: 0, conflict: 0, quarantined: 0 },
    adds_up: true,
    estimate: mode === 'full' ? connection.forecast.persons : mode === 'selective' ? ids.length : null,
    organizations: { seen: 0, created: 0, updated: 0, unchanged: 0 },
    deals: { seen: 0, written: 0, unchanged: 0, quarantined: 0 },
    requests: 0,
    tokens_spent: 0,
    attempts: 1,
    resumable: false,
    limit_reached: false,
    rate_per_s: null,
    eta_s: null,
  };
  run.todo =
    mode === 'full'
      ? Array.from({ length: PEOPLE }, (_, i) => i)
      : mode === 'selective'
        ? ids.map((id) => Number(id) - 1000)
        : [];
  company.runs.unshift(run);
  company.entries[run.id] = [];
  connection.running = { run_id: run.id };
  setTimeout(() => go(company, run), TICK * 3);
  return run;
}

export function go(company, run) {
  if (run.state === 'cancelled') return;
  run.started_at ??= iso();
  run.state = 'running';
  const phases = run.requests === 0 ? ['users', 'organizations', 'deals'] : [];
  const step = () => {
    if (run.state !== 'running') return;
    const phase = phases.shift();
    run.requests += 1;
    run.tokens_spent += 20;
    if (phase) {
      run.phase = phase;
      if (phase === 'organizations') Object.assign(run.organizations, { seen: 8, unchanged: 8 });
      if (phase === 'deals') Object.assign(run.deals, { seen: 310, written: 0, unchanged: 310 });
    } else if (run.todo.length > 0 && !run.limit_reached) {
      run.phase = 'persons';
      for (const i of run.todo.splice(0, PAGE)) judge(company, run, i);
      run.rate_per_s = Math.round((PAGE * 1000) / TICK);
      run.eta_s = Math.ceil((run.todo.length / PAGE) * (TICK / 1000));
    } else return finish(company, run, 'completed');
    tell(run);
    setTimeout(step, TICK);
  };
  step();
}

export function finish(company, run, state) {
  Object.assign(run, {
    state,
    finished_at: iso(),
    phase: null,
    rate_per_s: null,
    eta_s: null,
    resumable: state !== 'completed',
  });
  if (run.limit_reached) run.state_reason = 'The contact limit of the plan was reached.';
  const connection = company.connections[run.provider];
  connection.running = null;
  connection.last_sync = { run_id: run.id, state, finished_at: run.finished_at };
  if (run.mode === 'full' && state === 'completed')
    connection.forecast = {
      persons: run.seen,
      source: 'last_run',
      requests: run.requests,
      tokens: run.tokens_spent,
    };
  tell(run);
}

function judge(company, run, i) {
  const { mapped } = company.connections[run.provider];
  const remote = remotePerson(i);
  const entry = (outcome, more = {}) => {
    run.seen += 1;
    run.counts[outcome] += 1;
    if (outcome !== 'unchanged')
      company.entries[run.id].push({
        outcome,
        remote_id: remote.remote_id,
        contact_id: null,
        contact_name: null,
        remote_name: remote.name,
        reason: null,
        before: null,
        after: null,
        page: run.requests,
        at: iso(),
        ...more,
      });
  };
  if (i % 97 === 13)
    return entry('quarantined', { remote_name: null, reason: 'The e-mail list is not a list: "n/a".' });
  if (i % 211 === 17) return entry('skipped', { reason: 'No name, no e-mail and no phone.' });
  if (i % 307 === 29)
    return entry('conflict', { reason: 'Its e-mail belongs to one contact and its phone to another.' });
  const known = mapped.get(remote.remote_id);
  if (known?.stale) {
    known.stale = false;
    const before = { organization: known.contact.organization?.name ?? null, phones: [] };
    return entry('updated', {
      contact_id: known.contact.id,
      contact_name: known.contact.full_name,
      before,
      after: { organization: remote.organization?.name ?? 'Tidewell', phones: remote.phones },
    });
  }
  if (known) return entry('unchanged');
  const email = remote.emails[0]?.value;
  const match = email && company.contacts.find((c) => c.emails.some((e) => e.value === email));
  if (match) {
    match.linked = [
      {
        provider: run.provider,
        remote_id: remote.remote_id,
        state: 'linked',
        last_synced_at: iso(),
        url: null,
      },
    ];
    mapped.set(remote.remote_id, { contact: match });
    return entry('linked', {
      contact_id: match.id,
      contact_name: match.full_name,
      reason: 'The same e-mail address.',
    });
  }
  const { contacts: limit } = planOf(company);
  if (limit !== null && company.contacts.length >= limit) {
    run.limit_reached = true;
    return entry('skipped', { reason: 'The contact limit of the plan was reached.' });
  }
  const contact = contactFrom(company, remote, company.seq++, run.requested_by);
  company.contacts.unshift(contact);
  mapped.set(remote.remote_id, { contact });
  entry('created', { contact_id: contact.id, contact_name: contact.full_name });
}
