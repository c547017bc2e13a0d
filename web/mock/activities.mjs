// What members did with contacts.
import { randomUUID } from 'node:crypto';
import { paged } from './contacts.mjs';
import { activityWritten, shown as delivery, lead } from './deliveries.mjs';
import { refuse } from './refuse.mjs';
import { PROVIDERS } from './state.mjs';

const WORDS = {
  CALL: 'Call',
  EMAIL: 'E-mail',
  MEETING: 'Meeting',
  LINKEDIN: 'LinkedIn message',
  REFERRAL: 'Referral',
  CONFERENCE: 'Conference',
};
const answered = new Map();

export function shown(company, a) {
  const contact = company.contacts.find((c) => c.id === a.contact_id);
  const copies = PROVIDERS.flatMap(({ provider, name }) => {
    const last = company.deliveries.find((d) => d.activity_id === a.id && d.provider === provider);
    if (!last) return [];
    const { id, state, cause, reason, url, remote_id } = delivery(company, last);
    return [
      {
        provider,
        provider_name: name,
        synced: state === 'delivered',
        remote_id,
        url,
        last_synced_at: null,
        delivery: { id, state, cause, reason },
      },
    ];
  });
  const { contact_id, ...rest } = a;
  return {
    ...rest,
    title: a.subject || WORDS[a.kind],
    contact: { id: contact_id, full_name: contact?.full_name ?? null },
    note_cut: false,
    copies,
  };
}

export function write(company, contact, member, fields, at = new Date().toISOString()) {
  const a = {
    id: randomUUID(),
    contact_id: contact.id,
    member: { member_id: member.id, name: member.name },
    kind: 'CALL',
    subject: null,
    note: '',
    due_at: at,
    has_time: true,
    duration_minutes: null,
    campaign: null,
    booked: fields.kind === 'MEETING',
    created_at: at,
    updated_at: at,
    ...fields,
  };
  a.subject ||= null;
  a.done ??= Date.parse(a.due_at) <= Date.now();
  company.activities.push(a);
  if (a.done && (!contact.last_contacted_at || contact.last_contacted_at < a.due_at))
    contact.last_contacted_at = a.due_at;
  return a;
}

export function activities(who, method, id, q, body, key) {
  const { company, member } = who;
  if (!id || id === 'feed') {
    if (method === 'POST') {
      if (key && answered.has(key)) return [201, answered.get(key)];
      const contact =
        company.contacts.find((c) => c.id === body.contact_id) ??
        refuse(404, 'not_found', 'There is no such contact.');
      const { contact_id, ...fields } = body;
      const a = write(company, contact, member, fields);
      if (a.kind === 'MEETING' && !a.done) lead(who, contact, 'meeting');
      activityWritten(who, a, 'create');
      if (key) answered.set(key, shown(company, a));
      return [201, shown(company, a)];
    }
    const done = q.get('done');
    const all = company.activities
      .filter(
        (a) =>
          (!q.get('contact') || a.contact_id === q.get('contact')) &&
          (!q.get('member') || a.member?.member_id === q.get('member')) &&
          (!q.get('kind') || a.kind === q.get('kind')) &&
          (done === null || a.done === (done === 'true')),
      )
      .sort((a, b) => (a.due_at < b.due_at ? 1 : -1));
    return [
      200,
      paged(
        all.map((a) => shown(company, a)),
        q,
      ),
    ];
  }
  const a =
    company.activities.find((x) => x.id === id) ?? refuse(404, 'not_found', 'There is no such activity.');
  if (method === 'DELETE') {
    activityWritten(who, a, 'delete');
    company.activities.splice(company.activities.indexOf(a), 1);
    return [204];
  }
  if (method !== 'GET') {
    Object.assign(a, body, { updated_at: new Date().toISOString() });
    a.subject ||= null;
    activityWritten(who, a, 'update');
  }
  return [200, shown(company, a)];
}
