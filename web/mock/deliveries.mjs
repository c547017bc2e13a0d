// What goes to a CRM. Deliveries move by themselves as at the real server: queued, sending, and then by what
// they are: an address at refused.example is refused, a connection that is not active holds them back.
import { randomUUID } from 'node:crypto';
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
