// What callers ask about deliveries, and have done with them.
import { paged } from './contacts.mjs';
import { go, lead, linkedAt, shown } from './deliveries.mjs';
import { refuse } from './refuse.mjs';

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
