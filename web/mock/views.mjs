// State as the API shows it.

import { backlog } from './outbound.mjs';
import { remotePerson } from './people.mjs';
import { companies, FEATURES, MAY, PEOPLE, PLANS, PROVIDERS, planOf } from './state.mjs';

const allowed = (company, p) => planOf(company).features.includes(p.feature);

export function session({ company, member }) {
  const plan = planOf(company);
  const { id, name, country } = company;
  return {
    user: { id: member.user_id, name: member.name, email: member.email },
    company: { id, name, country, plan: plan.id },
    member: { id: member.id, role: member.role },
    companies:
      member.role === 'admin'
        ? companies.slice(1).map((c) => ({ id: c.id, name: c.name, role: 'admin' }))
        : [{ id, name, role: member.role }],
    may: MAY[member.role],
    allows: plan.features,
    limits: {
      contacts: plan.contacts,
      contacts_used: company.contacts.length,
      seats: plan.seats,
      seats_used: company.members.length,
    },
    attention: PROVIDERS.flatMap(({ provider, name }) => {
      const state = company.connections[provider]?.state;
      return state === 'needs_reconnect' || state === 'paused' ? [{ kind: state, provider, name }] : [];
    }),
    payment_due: null,
    development: true,
  };
}

export function provider(company, p) {
  const c = company.connections[p.provider];
  const { mapped, ...rest } = c ?? {};
  return {
    provider: p.provider,
    name: p.name,
    color: p.color,
    configured: p.configured,
    setup_hint: p.configured
      ? null
      : 'An operator has to set CUMULUS_CLIENT_ID and CUMULUS_CLIENT_SECRET on this server.',
    allowed: allowed(company, p),
    upgrade_to: allowed(company, p) ? null : PLANS.find((plan) => plan.features.includes(p.feature)).id,
    asks: [
      { scope: 'people', words: 'Read and write people and organizations' },
      { scope: 'deals', words: 'Read deals, to show how many are open' },
      { scope: 'users', words: 'Read the names of users, to know who owns a person' },
    ],
    never: ['Mail and files', 'Users, permissions and billing', 'Deleting people or organizations'],
    before: [],
    own_login: null,
    budget_unit: 'token',
    connection: c
      ? {
          also_installed_by: [],
          ...rest,
          contacts_linked: mapped.size,
          deliveries: backlog(company, p.provider),
        }
      : null,
  };
}

export function billing(company) {
  return {
    plan: company.plan,
    plans: PLANS.map((p) => ({
      ...p,
      features: Object.entries(FEATURES).map(([id, words]) => ({
        id,
        words,
        included: p.features.includes(id),
      })),
      for_sale: true,
    })),
    biller: 'test',
    test_biller: true,
    test_mode: true,
    subscription: null,
    grace_days: 14,
    usage: { contacts: company.contacts.length, seats: company.members.length },
    paused_connections: Object.entries(company.connections)
      .filter(([, c]) => c.state === 'paused')
      .map(([slug]) => slug),
  };
}

export function remotePeople(company, slug, search, from, limit) {
  const { mapped } = company.connections[slug];
  const wanted = search?.toLowerCase();
  const all = Array.from({ length: PEOPLE }, (_, i) => i).filter((i) => {
    const r = remotePerson(i);
    return !wanted || `${r.name} ${r.emails[0]?.value ?? ''}`.toLowerCase().includes(wanted);
  });
  const items = all.slice(from, from + limit).map((i) => {
    const r = remotePerson(i);
    const known = mapped.get(r.remote_id);
    const match =
      known?.contact ?? company.contacts.find((c) => r.emails[0] && c.emails[0]?.value === r.emails[0].value);
    const badge = known ? (known.stale ? 'changed' : 'synced') : match ? 'linked' : 'new';
    const row = (field, here, there, kept) => ({
      field,
      here: here ?? null,
      there: there ?? null,
      after: (kept ? here : there) ?? here ?? null,
      differs: (here ?? null) !== (there ?? null),
    });
    return {
      ...r,
      badge,
      contact: match ? { id: match.id, full_name: match.full_name } : null,
      comparison: [
        row('Name', match?.full_name, r.name, match?.edited.includes('full_name')),
        row('Email', match?.emails[0]?.value, r.emails[0]?.value),
        row('Phone', known?.stale ? null : match?.phones[0]?.value, r.phones[0]?.value),
        row('Organization', match?.organization?.name, r.organization?.name),
      ],
    };
  });
  const next = from + limit < all.length ? `p${from + limit}` : null;
  return { items, next_cursor: next, tokens_spent: 10, account_name: 'Halden Sales' };
}
