// What the stand-in server remembers: three companies, as in the demo, forgotten when it stops.
import { ownContact, uuid } from './people.mjs';

export const PEOPLE = Number(process.env.MOCK_PEOPLE ?? 1246);
export const PASSWORD = 'correct horse battery';

export const PLANS = [
  ['free', 'Free', '0 € a month', 1, 500, []],
  ['starter', 'Starter', '19 € a month', 1, 2000, []],
  ['growth', 'Growth', '49 € a month', 1, 10000, []],
  ['business', 'Business', '149 € a month', 3, 100000, ['crm_standard', 'scheduled_sync']],
  ['teams', 'Teams', '399 € a month', 5, 1000000, ['crm_standard', 'crm_large', 'scheduled_sync']],
  ['enterprise', 'Enterprise', 'On request', null, null, ['crm_standard', 'crm_large', 'scheduled_sync']],
].map(([id, name, price_words, seats, contacts, features]) => ({
  id,
  name,
  price_words,
  seats,
  contacts,
  features,
}));

export const FEATURES = {
  crm_standard: 'Acme CRM, Borealis and Cumulus',
  crm_large: 'Zenith',
  scheduled_sync: 'Scheduled and two-way sync',
};
export const planOf = (company) => PLANS.find((p) => p.id === company.plan);

export const PROVIDERS = [
  { provider: 'acme', name: 'Acme CRM', color: '#1a7f4b', feature: 'crm_standard', configured: true },
  { provider: 'borealis', name: 'Borealis', color: '#c2410c', feature: 'crm_standard', configured: true },
  { provider: 'zenith', name: 'Zenith', color: '#0b6fb8', feature: 'crm_large', configured: true },
  { provider: 'cumulus', name: 'Cumulus', color: '#b3261e', feature: 'crm_standard', configured: false },
];

const EVERYTHING = [
  'change_plan',
  'manage_connections',
  'manage_team',
  'read_audit',
  'manage_campaigns',
  'import_contacts',
  'work_contacts',
  'log_activities',
  'review_duplicates',
  'see_all_contacts',
];
export const MAY = {
  owner: EVERYTHING,
  admin: EVERYTHING.slice(1),
  golden_ticket: EVERYTHING.slice(4),
  consultant: ['import_contacts', 'work_contacts', 'log_activities', 'review_duplicates'],
};

let counter = 1;
const nextId = () => uuid(60, counter++);

function company(n, name, plan, roles, contacts) {
  const c = { id: uuid(50, n), n, name, country: 'DE', plan, providerOfImport: 'acme' };
  const names = ['Ines Haddad', 'Theo Meyer', 'Mia Silva', 'Omar Singh'];
  c.members = roles.map((role, i) => ({
    id: nextId(),
    user_id: nextId(),
    name: names[i],
    role,
    email: `${role.replace('golden_ticket', 'golden')}@${plan}.example`,
  }));
  c.contacts = Array.from({ length: contacts }, (_, i) => ownContact(c, i * 11, c.members));
  c.connections = {};
  c.runs = [];
  c.activities = [];
  c.deliveries = [];
  c.warm_threshold = 4;
  c.push_earlier = false;
  c.entries = {};
  c.seq = 100_000;
  return c;
}

export const companies = [
  company(1, 'Fern and Sons', 'free', ['owner'], 12),
  company(2, 'Birch Logistics', 'business', ['owner', 'admin', 'consultant'], 640),
  company(3, 'Cedar Group', 'teams', ['owner', 'admin', 'golden_ticket', 'consultant'], 0),
];
export const findMember = (email) => {
  for (const c of companies)
    for (const m of c.members) if (m.email === email) return { company: c, member: m };
  return null;
};

export const mails = [];
export const sessions = new Map();

export function connection(slug, by, state = 'active') {
  return {
    id: nextId(),
    state,
    state_reason: null,
    account_name: 'Halden Sales',
    account_domain: `halden.${slug}.example`,
    account_user: 'Ines Haddad',
    connected_by: { member_id: by.id, name: by.name },
    connected_at: new Date().toISOString(),
    granted_scopes: ['people:read'],
    missing_scopes: [],
    last_sync: null,
    running: null,
    next_run: null,
    changes: { arrive: 'on_request', every_minutes: null, looked_at: null, next_at: null, reason: null },
    budget: {
      daily_limit: 30000,
      daily_used: 412,
      daily_remaining: 29588,
      reserve_percent: 4,
      resets_at: new Date(Date.now() + 5 * 36e5).toISOString(),
      burst_limit: 80,
      burst_window_s: 2,
      spent_by_us_today: 188,
    },
    forecast: { persons: null, source: 'unknown', requests: null, tokens: null },
    health: 'ok',
    mapped: new Map(),
  };
}

// The business company has worked with Acme for a while, and Borealis ended its access.
const birch = companies[1];
birch.connections.acme = connection('acme', birch.members[0]);
birch.connections.borealis = connection('borealis', birch.members[1], 'needs_reconnect');
