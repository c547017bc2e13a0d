// Invented people, the same at every start.
const FIRST = [
  'Ava',
  'Noah',
  'Mia',
  'Liam',
  'Zoë',
  'Omar',
  'Ines',
  'Kai',
  'Lena',
  'Theo',
  'Priya',
  'Jonas',
  'Noor',
];
const LAST = [
  'Becker',
  'Okafor',
  'Silva',
  'Novák',
  'Tanaka',
  'Haddad',
  'Meyer',
  'Rossi',
  'Kowalski',
  'Singh',
  'Moreau',
];
const ORGS = [
  'Northwind Traders',
  'Halden Marine',
  'Brightwater',
  'Kestrel Logistics',
  'Orchard Labs',
  'Fenwick & Sons',
  'Solace Health',
  'Tidewell',
];
const LABELS = ['Customer', 'Hot lead', 'Partner'];

export const uuid = (kind, n) =>
  `00000000-0000-4000-${(0x8000 + kind).toString(16)}-${n.toString(16).padStart(12, '0')}`;
const plain = (s) =>
  s
    .normalize('NFD')
    .replace(/[^a-zA-Z]/g, '')
    .toLowerCase();

export function person(i) {
  const [first, last] = [FIRST[(i * 5 + 1) % 13], LAST[(i * 7 + 2) % 11]];
  return {
    first,
    last,
    name: i % 83 === 41 ? 'Bartholomew-Maximilian Featherstonehaugh-Wellington' : `${first} ${last}`,
    email: i % 13 === 9 ? null : `${plain(first)}.${plain(last)}${i}@example.com`,
    phone: i % 3 === 0 ? null : `+49 30 55${1000 + i * 37}`,
    org: ORGS[(i * 3 + (i >> 3)) % 8],
  };
}

export function remotePerson(i) {
  const p = person(i);
  return {
    remote_id: String(1000 + i),
    name: p.name,
    emails: p.email ? [{ value: p.email, label: 'work', primary: true }] : [],
    phones: p.phone
      ? [{ value: p.phone, e164: p.phone.replaceAll(' ', ''), label: 'work', primary: true }]
      : [],
    organization: i % 7 === 3 ? null : { remote_id: String(i % 8), name: p.org },
    owner_name: i % 4 === 0 ? null : 'Ines Haddad',
    open_deals: i % 5,
    closed_deals: i % 3,
    labels: i % 6 === 0 ? [LABELS[i % 3]] : [],
    updated_at: new Date(Date.UTC(2026, 10, 19) - (i % 60) * 864e5).toISOString(),
    custom_fields: i % 4 === 0 ? { Region: 'North' } : {},
  };
}

const now = () => new Date().toISOString();

export function contactFrom(company, remote, n, by) {
  const [first_name, ...rest] = remote.name.split(' ');
  return {
    id: uuid(company.n, n),
    full_name: remote.name,
    first_name,
    last_name: rest.join(' ') || null,
    emails: remote.emails,
    phones: remote.phones,
    organization: remote.organization && {
      id: uuid(90, Number(remote.organization.remote_id)),
      name: remote.organization.name,
    },
    owner: by,
    warmness: 0,
    source: company.providerOfImport,
    tags: ['acme-import'],
    custom_fields: { acme_open_deals: remote.open_deals, ...remote.custom_fields },
    edited: [],
    linked: [
      { provider: 'acme', remote_id: remote.remote_id, state: 'linked', last_synced_at: now(), url: null },
    ],
    last_contacted_at: null,
    created_at: now(),
    updated_at: now(),
  };
}

/** A contact the company already had before any import. */
export function ownContact(company, i, members) {
  const remote = remotePerson(i);
  const owner = members[i % members.length];
  return {
    ...contactFrom(company, remote, i, i % 5 === 4 ? null : { member_id: owner.id, name: owner.name }),
    warmness: (i * 37 + (i >> 2)) % 11,
    source: 'manual',
    tags: i % 9 === 0 ? ['fair 2026'] : [],
    custom_fields: i % 4 === 0 ? { region: 'North', budget: 12000 } : {},
    edited: i % 10 === 0 ? ['full_name'] : [],
    linked: [],
    last_contacted_at: i % 4 ? null : new Date(Date.UTC(2026, 10, 1) - i * 36e5).toISOString(),
    created_at: new Date(Date.UTC(2026, 10, 18) - i * 7 * 36e5).toISOString(),
    updated_at: new Date(Date.UTC(2026, 10, 19) - i * 5 * 36e5).toISOString(),
  };
}
