// What goes to a CRM. Deliveries move by themselves as at the real server: queued, sending, and then by what
// they are: an address at refused.example is refused, a connection that is not active holds them back.
import { randomUUID } from 'node:crypto';
import { paged } from './contacts.mjs';
import { refuse } from './refuse.mjs';
import { PROVIDERS } from './state.mjs';

const STEP_MS = Number(process.env.MOCK_STEP ?? 700);
const iso = (at = Date.now()) => new Date(at).toISOString();
const listeners = new Map();
const WRITES = new Set(['acme', 'borealis']);

export function watch(company, send) {
  const set = listeners.get(company) ?? new Set();
  set.add(send);
  listeners.set(company, set);
  return () => set.delete(send);
}

const providerName = (slug) => PROVIDERS.find((p) => p.provider === slug).name;
const contactOf = (company, d) => company.contacts.find((c) => c.id === d.contact_id);
const activityOf = (company, d) => company.activities.find((a) => a.id === d.activity_id);

export function shown(company, d) {
  const { contact_id, activity_id, log, picked, subject, ...rest } = d;
  const contact = contactOf(company, d);
  const activity = activityOf(company, d);
  const can_choose = d.state === 'failed' && d.cause === 'ambiguous' && d.candidates.length > 0;
  return {
    ...rest,
    provider_name: providerName(d.provider),
    contact: { id: contact_id, full_name: contact?.full_name ?? null },
    activity: activity_id
      ? { id: activity_id, kind: activity?.kind ?? null, subject: activity?.subject ?? subject ?? null }
      : null,
    url: d.remote_id ? `https://halden.${d.provider}.example/record/${d.remote_id}` : null,
    can_choose,
    can_retry:
      ['failed', 'dead'].includes(d.state) && !can_choose && d.cause !== 'withdrawn' && Boolean(contact),
  };
}

export function tell(company, d) {
  for (const send of listeners.get(company) ?? []) send({ kind: 'delivery', delivery: shown(company, d) });
}

export function make(company, slug, contact, more = {}, at = Date.now()) {
  const d = {
    id: randomUUID(),
    provider: slug,
    connection_id: company.connections[slug].id,
    kind: 'warm_lead',
    contact_id: contact.id,
    activity_id: null,
    trigger: 'warmness',
    requested_by: null,
    state: 'queued',
    cause: null,
    reason: null,
    objections: [],
    candidates: [],
    attempts: 0,
    next_at: null,
    give_up_at: iso(at + 72 * 36e5),
    remote_id: null,
    organization_remote_id: null,
    remarks: [],
    created_at: iso(at),
    updated_at: iso(at),
    delivered_at: null,
    log: [],
    ...more,
  };
  company.deliveries.unshift(d);
  return d;
}

const set = (company, d, part) => {
  Object.assign(d, part, { updated_at: iso() });
  tell(company, d);
};
const attempt = (d, step, outcome, more = {}) =>
  d.log.push({
    n: d.log.length + 1,
    step,
    outcome,
    status: outcome === 'done' ? 201 : outcome === 'refused' ? 400 : null,
    remote_id: null,
    reason: null,
    started_at: iso(),
    finished_at: iso(),
    ...more,
  });

let remoteId = 88_000;

/** Whether the CRM answers; see `control` in sandbox.mjs. */
export const crm = { down: false };

/** Two people there have this address. */
export const TWINS = 'twin@example.com';

/** Takes a delivery up: what becomes of it depends on the contact and the connection as they are now. */
export function go(company, d) {
  set(company, d, { state: 'queued', cause: null, reason: null, objections: [], next_at: null, attempts: 0 });
  setTimeout(() => {
    const c = company.connections[d.provider];
    if (c?.state !== 'active')
      return set(company, d, { state: 'held', cause: c?.state === 'paused' ? 'paused' : 'reconnect' });
    set(company, d, { state: 'sending', attempts: d.attempts + 1 });
    setTimeout(() => end(company, d), STEP_MS);
  }, STEP_MS);
}

function end(company, d) {
  if (crm.down) {
    attempt(d, d.kind === 'warm_lead' ? 'person' : 'activity', 'not_sent', { status: 503 });
    set(company, d, { state: 'retrying', cause: 'down', next_at: iso(Date.now() + 3000) });
    const again = setInterval(() => {
      if (crm.down) return set(company, d, { attempts: d.attempts + 1, next_at: iso(Date.now() + 3000) });
      clearInterval(again);
      end(company, d);
    }, 3000);
    return;
  }
  const contact = contactOf(company, d);
  if (!contact)
    return set(company, d, {
      state: 'dead',
      cause: 'withdrawn',
      reason: 'The contact was deleted before this was sent.',
    });
  if (contact.emails.some((e) => e.value.endsWith('@refused.example'))) {
    attempt(d, 'person', 'refused', { reason: 'email is invalid' });
    return set(company, d, {
      state: 'failed',
      cause: 'refused',
      reason: 'The CRM refused the e-mail address.',
      objections: [{ field: 'emails', words: 'This e-mail address is not accepted' }],
    });
  }
  if (d.kind === 'warm_lead' && !d.picked && contact.emails.some((e) => e.value === TWINS))
    return set(company, d, {
      state: 'failed',
      cause: 'ambiguous',
      reason: 'Several people at the CRM have this address: choose one.',
      candidates: ['3301', '4415'].map((id) => ({ remote_id: id, name: 'Twin', url: null })),
    });
  const remote_id = d.picked ?? String(remoteId++);
  const step = d.kind !== 'warm_lead' ? 'activity' : d.picked ? 'person_labels' : 'person';
  attempt(d, step, 'done', { remote_id });
  if (d.kind === 'warm_lead')
    contact.linked = [
      ...contact.linked.filter((l) => l.provider !== d.provider),
      {
        provider: d.provider,
        remote_id,
        state: 'linked',
        last_synced_at: iso(),
        url: `https://halden.${d.provider}.example/record/${remote_id}`,
      },
    ];
  set(company, d, { state: 'delivered', remote_id, delivered_at: iso() });
}

const by = (member) => ({ member_id: member.id, name: member.name });
export const linkedAt = (contact, slug) =>
  contact.linked.some((l) => l.provider === slug && l.state !== 'gone');
const outlets = (company) =>
  PROVIDERS.filter(
    (p) =>
      WRITES.has(p.provider) &&
      ['active', 'needs_reconnect', 'paused'].includes(company.connections[p.provider]?.state),
  );

/** A contact that is warm enough becomes a lead at each CRM that lacks it. */
export function lead({ company, member }, contact, trigger, only) {
  const made = [];
  for (const { provider } of outlets(company)) {
    if ((only && only !== provider) || linkedAt(contact, provider)) continue;
    if (
      company.deliveries.some(
        (d) => d.kind === 'warm_lead' && d.provider === provider && d.contact_id === contact.id,
      )
    )
      continue;
    const d = make(company, provider, contact, { trigger, requested_by: by(member) });
    made.push(d);
    go(company, d);
  }
  return made;
}

export function activityWritten({ company, member }, activity, kind) {
  const contact = company.contacts.find((c) => c.id === activity.contact_id);
  for (const { provider } of outlets(company)) {
    const underWay = company.deliveries.some(
      (d) =>
        d.kind === 'warm_lead' &&
        d.provider === provider &&
        d.contact_id === contact.id &&
        !['delivered', 'failed', 'dead'].includes(d.state),
    );
    if (!linkedAt(contact, provider) && !underWay) continue;
    const d = make(company, provider, contact, {
      kind: `activity_${kind}`,
      activity_id: activity.id,
      subject: activity.subject,
      trigger: { create: 'logged', update: 'edited', delete: 'deleted' }[kind],
      requested_by: by(member),
    });
    go(company, d);
  }
}

export function qualifying(company, slug) {
  return company.contacts.filter(
    (c) =>
      c.warmness >= company.warm_threshold &&
      !linkedAt(c, slug) &&
      !company.deliveries.some((d) => d.kind === 'warm_lead' && d.provider === slug && d.contact_id === c.id),
  );
}

export function backlog(company, slug) {
  const here = company.deliveries.filter((d) => d.provider === slug);
  const n = (...states) => here.filter((d) => states.includes(d.state) && d.cause !== 'withdrawn').length;
  return {
    waiting: n('queued', 'sending', 'retrying', 'unknown'),
    failing: n('failed', 'dead'),
    held: n('held'),
  };
}

export function list({ company }, q) {
  const asked = (d, ...names) =>
    names.every((name) => !q.get(name) || q.get(name) === (name === 'contact' ? d.contact_id : d[name]));
  const all = company.deliveries.filter((d) => asked(d, 'provider', 'contact', 'kind'));
  const page = paged(
    all.filter((d) => asked(d, 'state', 'cause')).map((d) => shown(company, d)),
    q,
  );
  if (q.get('cursor')) return { ...page, counts: null };
  const counts = {
    queued: 0,
    held: 0,
    sending: 0,
    delivered: 0,
    retrying: 0,
    unknown: 0,
    failed: 0,
    dead: 0,
  };
  const causes = {};
  for (const d of all) {
    counts[d.state] += 1;
    if (d.cause && d.state !== 'delivered') causes[d.cause] = (causes[d.cause] ?? 0) + 1;
  }
  return {
    ...page,
    counts: {
      ...counts,
      causes: Object.entries(causes).map(([cause, count]) => ({ cause, count })),
      at_least: false,
    },
  };
}

export function one({ company }, id, action, choice) {
  const d =
    company.deliveries.find((x) => x.id === id) ?? refuse(404, 'not_found', 'There is no such delivery.');
  const view = shown(company, d);
  if (action === 'retry') {
    if (!view.can_retry) refuse(409, 'conflict', 'This delivery does not wait for a retry.');
    go(company, d);
  }
  if (action === 'choose') {
    if (!view.can_choose) refuse(409, 'conflict', 'There is nobody to choose.');
    d.candidates = [];
    d.picked = choice.remote_id;
    go(company, d);
  }
  return [action ? 202 : 200, { delivery: shown(company, d), attempts: d.log }];
}

export function retry({ company }, slug, { state, cause }) {
  const these = company.deliveries.filter(
    (d) =>
      d.provider === slug &&
      ['failed', 'dead'].includes(d.state) &&
      (!state || d.state === state) &&
      (!cause || d.cause === cause),
  );
  const able = these.filter((d) => shown(company, d).can_retry);
  for (const d of able) go(company, d);
  return { success: true, replayed: able.length, left: these.length - able.length, more: false };
}

export function push(who, slug, { contact_ids }) {
  const { company } = who;
  const these = contact_ids
    ? contact_ids.map((id) => company.contacts.find((c) => c.id === id))
    : qualifying(company, slug);
  const items = these.map((c) => {
    if (linkedAt(c, slug)) return { contact_id: c.id, outcome: 'linked', delivery_id: null, cause: null };
    const [d] = lead(who, c, 'push', slug);
    return { contact_id: c.id, outcome: d ? 'queued' : 'before', delivery_id: d?.id ?? null, cause: null };
  });
  const queued = items.filter((i) => i.outcome === 'queued').length;
  return {
    success: true,
    queued,
    held: 0,
    remaining: contact_ids ? 0 : qualifying(company, slug).length,
    items: contact_ids ? items : [],
  };
}

/** What became of a contact as a warm lead, at each CRM. */
export const leadsOf = (company, contact) =>
  company.deliveries
    .filter((d) => d.kind === 'warm_lead' && d.contact_id === contact.id)
    .map(({ id, provider, state, cause, reason, next_at, updated_at }) => ({
      provider,
      provider_name: providerName(provider),
      delivery_id: id,
      state,
      cause,
      reason,
      next_at,
      updated_at,
    }));
