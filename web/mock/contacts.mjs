// The contact book.
import { randomUUID } from 'node:crypto';
import { lead, leadsOf } from './deliveries.mjs';
import { contactFrom } from './people.mjs';
import { refuse } from './refuse.mjs';
import { planOf } from './state.mjs';

export const paged = (all, q, most = 50) => {
  const from = Number((q.get('cursor') ?? 'p0').slice(1));
  const limit = Number(q.get('limit') ?? most);
  return {
    items: all.slice(from, from + limit),
    next_cursor: from + limit < all.length ? `p${from + limit}` : null,
  };
};
const SORT = {
  name: (c) => c.full_name.toLowerCase(),
  created: (c) => c.created_at,
  updated: (c) => c.updated_at,
  warmness: (c) => c.warmness,
};

export function contacts({ company, member }, q) {
  const text = q.get('search')?.toLowerCase();
  const owner = q.get('owner');
  const has = (c) =>
    (!text || `${c.full_name} ${c.emails[0]?.value} ${c.organization?.name}`.toLowerCase().includes(text)) &&
    (!owner || (owner === 'none' ? !c.owner : c.owner?.member_id === owner)) &&
    (!q.get('tag') || c.tags.includes(q.get('tag'))) &&
    (!q.get('campaign') ||
      company.campaigns?.find((x) => x.id === q.get('campaign'))?.placed.some((p) => p.contact === c)) &&
    (!q.get('source') || c.source === q.get('source')) &&
    (!q.get('provider') || c.linked.some((l) => l.provider === q.get('provider'))) &&
    (member.role !== 'consultant' || c.owner?.member_id === member.id);
  const sort = q.get('sort') ?? '-created';
  const by = SORT[sort.replace('-', '')] ?? refuse(400, 'invalid', 'There is no such order.');
  const sign = sort.startsWith('-') ? -1 : 1;
  const all = company.contacts.filter(has).sort((a, b) => (by(a) < by(b) ? -sign : by(a) > by(b) ? sign : 0));
  const page = paged(all, q);
  return {
    ...page,
    items: page.items.map((c) => ({ ...c, leads: leadsOf(company, c) })),
    total: q.get('cursor') ? null : all.length,
  };
}

export function patch(who, contact, body) {
  const { company } = who;
  const { owner_member_id, organization_name, ...rest } = body;
  for (const email of rest.emails ?? [])
    if (!/^[^@ ]+@[^@ ]+\.[^@ ]+$/.test(email.value))
      refuse(400, 'invalid', 'This is not an e-mail address.', {
        fields: [{ field: 'emails', message: 'This is not an e-mail address' }],
      });
  if (organization_name !== undefined)
    contact.organization = organization_name ? { id: randomUUID(), name: organization_name } : null;
  Object.assign(contact, rest, { updated_at: new Date().toISOString() });
  if (owner_member_id !== undefined) {
    const m = company.members.find((x) => x.id === owner_member_id);
    contact.owner = m ? { member_id: m.id, name: m.name } : null;
  }
  if (rest.warmness >= company.warm_threshold) lead(who, contact, 'warmness');
  contact.edited = [...new Set([...contact.edited, ...Object.keys(rest)])];
  return { ...contact, leads: leadsOf(company, contact) };
}

export function create(who, body) {
  const { company } = who;
  const email = body.emails?.[0]?.value;
  const known = email && company.contacts.find((c) => c.emails.some((e) => e.value === email));
  if (known)
    refuse(409, 'duplicate', `${known.full_name} has this e-mail address already.`, { existing: known.id });
  if (planOf(company).contacts !== null && company.contacts.length >= planOf(company).contacts)
    refuse(403, 'plan', 'The contact limit of your plan is reached.', { upgrade_to: 'starter' });
  const remote = {
    name: body.full_name,
    emails: body.emails ?? [],
    phones: (body.phones ?? []).map((p) => ({ e164: p.value.replaceAll(' ', ''), ...p })),
    organization: null,
    custom_fields: {},
  };
  const contact = {
    ...contactFrom(company, remote, company.seq++, null),
    linked: [],
    tags: body.tags ?? [],
    source: 'manual',
    custom_fields: {},
  };
  if (body.organization_name) contact.organization = { id: randomUUID(), name: body.organization_name };
  company.contacts.unshift(contact);
  return patch(who, contact, { owner_member_id: body.owner_member_id });
}
