// A past to look at: activities of some weeks, and a delivery in every state with its cause.

import { write } from './activities.mjs';
import { assign, make as campaign } from './campaigns.mjs';
import { make } from './deliveries.mjs';

const MIN = 6e4;
const DAY = 864e5;
const NOTES = [
  'Asked for a price of the yearly plan. Budget is decided in January; send the comparison before Friday.',
  '',
  'Wants a demo with her team of six.\nThey use spreadsheets today and lose track after the second call.',
  '',
  'Met at the fair in hall 3. Interested in the import, wary of duplicates. Long talk about how the old tool made three of everybody, who would clean that up, and whether there is a way back when an import goes wrong. Promised to show the undo on their own data next week.',
];
const DONE = [
  ['CALL', 'Call: reached'],
  ['EMAIL', 'Sent the comparison'],
  ['CALL', 'Call: no answer'],
  ['MEETING', 'First meeting'],
  ['LINKEDIN', 'LinkedIn: connected'],
  ['CONFERENCE', 'Met at the fair'],
  ['REFERRAL', 'Introduced by a customer'],
  ['CALL', null],
];

export function past(company) {
  const now = Date.now();
  const people = company.contacts.filter((c) => c.emails.length > 0);
  const linked = people.filter((c) => c.linked.length > 0);
  const free = people.filter((c) => c.linked.length === 0);
  const member = (n) => company.members[n % company.members.length];
  const by = (n) => ({ member_id: member(n).id, name: member(n).name });
  for (let i = 0; i < 46; i++) {
    const contact = (i % 3 ? linked : people)[(i * 5) % 24];
    const [kind, subject] = DONE[i % DONE.length];
    const at = new Date(now - i * 0.7 * DAY - (i % 5) * 47 * MIN).toISOString();
    const a = write(
      company,
      contact,
      member(i),
      { kind, subject, note: NOTES[i % 5], due_at: at, duration_minutes: kind === 'MEETING' ? 45 : null },
      at,
    );
    if (contact.linked.length > 0)
      make(
        company,
        'acme',
        contact,
        {
          kind: 'activity_create',
          activity_id: a.id,
          subject,
          trigger: 'logged',
          requested_by: by(i),
          state: 'delivered',
          attempts: 1,
          remote_id: String(7000 + i),
          updated_at: at,
          delivered_at: at,
        },
        Date.parse(at),
      );
  }
  const plan = (contact, kind, subject, days, hour) =>
    write(company, contact, member(0), {
      kind,
      subject,
      due_at:
        hour === null
          ? `${new Date(now + days * DAY).toISOString().slice(0, 10)}T00:00:00Z`
          : new Date(now + days * DAY).toISOString(),
      has_time: hour !== null,
      duration_minutes: kind === 'MEETING' ? 30 : null,
      done: false,
    });
  plan(linked[0], 'MEETING', 'Demo with the team', 1, 10);
  plan(linked[5], 'CALL', 'Follow up', 3, null);
  plan(linked[10], 'CALL', 'Follow up', -2, null);
  plan(linked[1], 'EMAIL', 'Send the contract', 0.1, 14);

  const story = (n, contact, more, minutes) =>
    make(
      company,
      more.provider ?? 'acme',
      contact,
      { requested_by: by(n), attempts: 1, ...more, updated_at: new Date(now - minutes * MIN).toISOString() },
      now - (minutes + 3) * MIN,
    );
  const [a, b, c, d, e, f, g, h, j, k] = free.slice(4);
  const refused = (contact, n, minutes) => {
    contact.emails = [
      { ...contact.emails[0], value: contact.emails[0].value.replace('@example.com', '@refused.example') },
    ];
    story(
      n,
      contact,
      {
        state: 'failed',
        cause: 'refused',
        reason: 'The CRM refused the e-mail address.',
        objections: [{ field: 'emails', words: 'This e-mail address is not accepted' }],
        log: [
          {
            n: 1,
            step: 'organization',
            outcome: 'done',
            status: 201,
            remote_id: '412',
            reason: null,
            started_at: new Date(now - (minutes + 1) * MIN).toISOString(),
            finished_at: new Date(now - minutes * MIN).toISOString(),
          },
          {
            n: 2,
            step: 'person',
            outcome: 'refused',
            status: 400,
            remote_id: null,
            reason: 'email is invalid',
            started_at: new Date(now - minutes * MIN).toISOString(),
            finished_at: new Date(now - minutes * MIN).toISOString(),
          },
        ],
      },
      minutes,
    );
  };
  story(
    0,
    k,
    { state: 'delivered', remote_id: '5120', delivered_at: new Date(now - 190 * MIN).toISOString() },
    190,
  );
  story(
    1,
    j,
    {
      state: 'delivered',
      remote_id: '5121',
      delivered_at: new Date(now - 150 * MIN).toISOString(),
      remarks: [
        {
          code: 'owner_of_connection',
          words:
            'Nobody at the CRM has the member’s e-mail address, so it belongs to the user who connected.',
        },
      ],
    },
    150,
  );
  for (const [contact, id] of [
    [k, '5120'],
    [j, '5121'],
  ])
    contact.linked = [
      {
        provider: 'acme',
        remote_id: id,
        state: 'linked',
        last_synced_at: new Date(now - 150 * MIN).toISOString(),
        url: `https://halden.acme.example/record/${id}`,
      },
    ];
  story(0, h, { state: 'dead', cause: 'gave_up' }, 120);
  story(0, g, { state: 'held', cause: 'reconnect', provider: 'borealis' }, 95);
  story(2, f, { state: 'unknown', cause: 'uncertain', next_at: new Date(now + MIN).toISOString() }, 4);
  story(
    0,
    e,
    {
      state: 'failed',
      cause: 'ambiguous',
      candidates: [
        { remote_id: '3301', name: e.full_name, url: 'https://halden.acme.example/record/3301' },
        { remote_id: '4415', name: `${e.full_name} (old)`, url: 'https://halden.acme.example/record/4415' },
      ],
    },
    12,
  );
  story(1, d, { state: 'failed', cause: 'scope' }, 30);
  refused(c, 0, 8);
  refused(b, 1, 26);
  story(
    0,
    a,
    { state: 'retrying', cause: 'down', attempts: 5, next_at: new Date(now + 7 * MIN).toISOString() },
    2,
  );
  const team = company.members.map((m) => m.id);
  const fair = campaign(company, {
    name: 'Autumn fair',
    sector: 'Retail',
    theme: 'Trust on the first date',
    description: 'Everybody who came by the stand in October.\nMarek sends the photos.',
    starts_on: new Date(now - 60 * 24 * 60 * MIN).toISOString().slice(0, 10),
    ends_on: new Date(now + 20 * 24 * 60 * MIN).toISOString().slice(0, 10),
    member_ids: team,
  });
  const who = { company, member: company.members[0] };
  const some = company.contacts.slice(0, 34).map((one) => one.id);
  assign(who, fair, { contact_ids: some, outreach: 'CALL', note: '' });
  fair.placed[1].note = 'Wants the price list first';
  fair.placed[2].outreach = 'LINKEDIN';
  campaign(company, { name: 'Spring webinar', starts_on: '2099-03-01', member_ids: team.slice(0, 1) });
  for (const contact of [a, b, c, d, e, f, g, h]) contact.warmness = Math.max(contact.warmness, 5);
  company.deliveries.sort((x, y) => (x.created_at < y.created_at ? 1 : -1));
}
