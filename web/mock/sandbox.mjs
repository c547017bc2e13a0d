// The control plane of the stand-in CRM, as far as the browser tests ask it.
import { crm, TWINS } from './deliveries.mjs';
import { companies } from './state.mjs';

/** [status, body] */
export function control(method, path) {
  if (path === '/__sandbox/faults') {
    crm.down = method === 'POST';
    return [200, []];
  }
  if (path.startsWith('/__sandbox/truth/persons'))
    return [200, [3301, 4415].map((id) => ({ id, name: 'Twin', emails: [TWINS] }))];
  if (path === '/__sandbox/truth/outbound') return [200, outbound()];
  return [404, { error: 'the control plane has no such call' }];
}

function outbound() {
  const [persons, organizations, activities] = [[], [], []];
  for (const company of companies)
    for (const d of company.deliveries.filter((x) => x.state === 'delivered')) {
      const contact = company.contacts.find((c) => c.id === d.contact_id);
      if (!contact) continue;
      const org = contact.organization;
      if (d.kind === 'warm_lead' && !d.log.some((a) => a.step === 'person')) continue;
      if (d.kind === 'warm_lead') {
        if (org) organizations.push({ id: org.id, name: org.name });
        persons.push({
          id: d.remote_id,
          name: contact.full_name,
          emails: contact.emails.map((e) => e.value),
          org_id: org?.id ?? null,
          owner_id: 1,
          label_ids: [7],
        });
      } else {
        const a = company.activities.find((x) => x.id === d.activity_id);
        if (a) activities.push({ id: d.remote_id, subject: a.subject ?? '', done: a.done, note: a.note });
      }
    }
  return { persons, organizations, activities, options: [{ id: 7, label: 'Warm Lead' }] };
}
