// Campaigns, whom to contact next, and what is done to many contacts.
import { randomUUID } from 'node:crypto';
import { contacts, paged } from './contacts.mjs';
import { refuse } from './refuse.mjs';

const room = (company) => (company.campaigns ??= []);
const missing = () => refuse(404, 'not_found', 'There is no such thing here.');
const find = (company, id) => room(company).find((c) => c.id === id) ?? missing();
const matching = (who, filter) => contacts(who, new URLSearchParams({ ...filter, limit: '100000' })).items;
const chosen = (who, { contact_ids, filter }) =>
  contact_ids ? who.company.contacts.filter((c) => contact_ids.includes(c.id)) : matching(who, filter);

function counted(company, placed) {
  const of = (company.activities ?? []).filter((a) => a.contact_id === placed.contact.id);
  const met = of.filter((a) => a.kind === 'MEETING');
  return {
    contacted_at:
      of
        .filter((a) => a.done)
        .map((a) => a.due_at)
        .sort()
        .at(-1) ?? null,
    meetings_requested: met.length,
    meetings_booked: met.filter((a) => a.booked !== false).length,
  };
}

function view(company, { placed, ...campaign }) {
  const all = placed.map((p) => counted(company, p));
  const sum = (key) => all.reduce((n, one) => n + one[key], 0);
  const performance = {
    contacts: all.length,
    contacted: all.filter((one) => one.contacted_at).length,
    meetings_requested: sum('meetings_requested'),
    meetings_booked: sum('meetings_booked'),
  };
  return { ...campaign, performance };
}

const placedView = (company, p) => ({
  contact_id: p.contact.id,
  full_name: p.contact.full_name,
  organization_name: p.contact.organization?.name ?? null,
  owner: p.contact.owner,
  warmness: p.contact.warmness,
  outreach: p.outreach,
  note: p.note,
  added_at: p.added_at,
  ...counted(company, p),
});

function write(company, campaign, { member_ids, ...fields }) {
  const after = { ...campaign, ...fields };
  if (after.starts_on && after.ends_on && after.ends_on < after.starts_on)
    refuse(400, 'invalid', 'Some fields need another value.', {
      fields: [{ field: 'ends_on', message: 'A campaign ends on the day it starts, or later.' }],
    });
  Object.assign(campaign, fields, { updated_at: new Date().toISOString() });
  for (const key of ['sector', 'theme']) campaign[key] ||= null;
  if (member_ids)
    campaign.people = company.members
      .filter((m) => member_ids.includes(m.id))
      .map((m) => ({ member_id: m.id, name: m.name }));
  return campaign;
}

export function make(company, fields) {
  const at = new Date().toISOString();
  const blank = {
    id: randomUUID(),
    description: '',
    sector: null,
    theme: null,
    starts_on: null,
    ends_on: null,
  };
  const campaign = write(company, { ...blank, people: [], placed: [], created_at: at }, fields);
  room(company).unshift(campaign);
  return campaign;
}

export function assign(who, campaign, body) {
  const addresses = body.emails?.match(/[^\s,;<>"()]+@[^\s,;<>"()]+/g)?.map((e) => e.toLowerCase()) ?? [];
  const emails = addresses.map((e) => e.replace('mailto:', ''));
  const by = (email) => who.company.contacts.find((c) => c.emails.some((e) => e.value === email));
  const found = body.emails === undefined ? chosen(who, body) : [...new Set(emails.map(by).filter(Boolean))];
  const there = found.filter((c) => campaign.placed.some((p) => p.contact.id === c.id));
  const added = found.filter((c) => !there.includes(c));
  const terms = {
    outreach: body.outreach ?? null,
    note: body.note ?? '',
    added_at: new Date().toISOString(),
  };
  campaign.placed.unshift(...added.map((contact) => ({ contact, ...terms })));
  const named = (list) => list.slice(0, 200).map(({ id, full_name }) => ({ id, full_name }));
  return {
    added: added.length,
    already_there: there.length,
    added_items: named(added),
    already_there_items: named(there),
    not_found: emails.filter((e) => !by(e)),
    unreadable: (body.emails ?? '').split('\n').filter((line) => line.trim() && !line.includes('@')),
  };
}

export function campaigns(who, method, [id, action, contact], q, body) {
  const { company } = who;
  if (!id) {
    if (method === 'POST') return [201, view(company, make(company, body))];
    return [
      200,
      paged(
        room(company).map((c) => view(company, c)),
        q,
      ),
    ];
  }
  const campaign = find(company, id);
  if (action === 'assign-contacts') return [200, assign(who, campaign, body)];
  if (contact) {
    const placed = campaign.placed.find((p) => p.contact.id === contact) ?? missing();
    if (method === 'DELETE') {
      campaign.placed.splice(campaign.placed.indexOf(placed), 1);
      return [204];
    }
    return [200, placedView(company, Object.assign(placed, body))];
  }
  if (action === 'contacts')
    return [
      200,
      paged(
        campaign.placed.map((p) => placedView(company, p)),
        q,
      ),
    ];
  if (method === 'DELETE') {
    room(company).splice(room(company).indexOf(campaign), 1);
    return [204];
  }
  return [200, view(company, method === 'GET' ? campaign : write(company, campaign, body))];
}

const HEAT = (w) => (w >= 7 ? 'Hot' : w >= 4 ? 'Warm' : w === 3 ? 'Mild' : w === 2 ? 'Cool' : 'Cold');

export function suggested(who, q) {
  const { company, member } = who;
  const now = Date.now();
  const off = (c) => Date.parse(c.snoozed?.[member.id] ?? 0) > now;
  const inside = q.get('campaign') && find(company, q.get('campaign')).placed.map((p) => p.contact.id);
  const filter = q.get('owner') ? { owner: q.get('owner') } : {};
  const items = matching(who, filter)
    .filter((c) => !off(c) && (!inside || inside.includes(c.id)))
    .map((contact) => {
      const last = contact.last_contacted_at;
      const days = last ? Math.max(0, Math.floor((now - Date.parse(last)) / 864e5)) : null;
      const score = (7 * contact.warmness + Math.min(days ?? 999, 30)) / 100;
      const when = days === null ? 'never contacted' : `not contacted for ${days} days`;
      const reason = `${HEAT(contact.warmness)} (${contact.warmness} of 10), ${when}`;
      return { contact, score, days_since_contact: days, reason };
    })
    .sort((a, b) => b.score - a.score);
  return [200, { items: items.slice(0, Number(q.get('limit') ?? 50)) }];
}

export function snooze({ member }, contact, { until }) {
  contact.snoozed = { ...contact.snoozed, [member.id]: until };
  return [200, { until }];
}

export function many(who, body) {
  const found = chosen(who, body);
  const before = new Map();
  const changed = [];
  for (const c of found) {
    if (body.owner_member_id !== undefined) {
      const m = who.company.members.find((x) => x.id === body.owner_member_id);
      const was = c.owner?.member_id ?? null;
      before.set(was, [...(before.get(was) ?? []), c.id]);
      c.owner = m ? { member_id: m.id, name: m.name } : null;
    } else if (body.delete) who.company.contacts.splice(who.company.contacts.indexOf(c), 1);
    else if (body.add_tag && !c.tags.includes(body.add_tag)) c.tags = [...c.tags, body.add_tag];
    else if (body.remove_tag && c.tags.includes(body.remove_tag))
      c.tags = c.tags.filter((t) => t !== body.remove_tag);
    else continue;
    changed.push(c.id);
  }
  return [
    200,
    {
      matched: found.length,
      changed: changed.length,
      changed_ids: changed,
      not_found: [],
      owners_before: [...before].map(([owner_member_id, contact_ids]) => ({ owner_member_id, contact_ids })),
    },
  ];
}

export function tags({ company }) {
  const uses = new Map();
  for (const tag of company.contacts.flatMap((c) => c.tags)) uses.set(tag, (uses.get(tag) ?? 0) + 1);
  return [
    200,
    { items: [...uses].map(([tag, n]) => ({ tag, contacts: n })).sort((a, b) => b.contacts - a.contacts) },
  ];
}

export function filters({ member }, method, id, body) {
  member.filters ??= [];
  if (method === 'DELETE') {
    member.filters = member.filters.filter((f) => f.id !== id);
    return [204];
  }
  if (method === 'GET') return [200, { items: member.filters }];
  const kept = { id: randomUUID(), sort: null, created_at: new Date().toISOString(), ...body };
  member.filters.push(kept);
  return [201, kept];
}
