import { expect, test } from 'vitest';
import { assignedWords, daysOf, share, stateOf, steps, takeaway } from './words';

const days = (starts_on: string | null, ends_on: string | null) => ({ starts_on, ends_on });

test('a campaign runs on its first and on its last day, and without days always', () => {
  expect(stateOf(days('2026-11-28', '2026-11-28'), '2026-11-28')).toBe('running');
  expect(stateOf(days('2026-11-29', null), '2026-11-28')).toBe('planned');
  expect(stateOf(days(null, '2026-11-27'), '2026-11-28')).toBe('ended');
  expect(stateOf(days(null, null), '2026-11-28')).toBe('running');
});

test('days read as a range, an open one, or nothing', () => {
  expect(daysOf(days('2026-05-01', '2026-05-31'))).toBe('1 May 2026 to 31 May 2026');
  expect(daysOf(days('2026-05-01', '2026-05-01'))).toBe('1 May 2026');
  expect(daysOf(days('2026-05-01', null))).toBe('from 1 May 2026');
  expect(daysOf(days(null, '2026-05-01'))).toBe('until 1 May 2026');
  expect(daysOf(days(null, null))).toBeNull();
});

test('the sentence over the chart says how far the campaign came', () => {
  const p = { contacts: 0, contacted: 0, meetings_requested: 0, meetings_booked: 0 };
  expect(takeaway(p)).toBe('Nobody is in this campaign yet.');
  expect(takeaway({ ...p, contacts: 1 })).toBe('None of 1 contact was contacted yet.');
  expect(takeaway({ ...p, contacts: 2000, contacted: 500 })).toBe(
    '500 of 2,000 contacts were contacted (25 %); no meeting was asked for yet.',
  );
  expect(takeaway({ contacts: 3, contacted: 3, meetings_requested: 2, meetings_booked: 1 })).toBe(
    'All of 3 contacts were contacted; 1 of 2 meetings asked for is booked.',
  );
  expect(steps({ ...p, contacts: 4 }).map((s) => s.n)).toEqual([4, 0, 0, 0]);
  expect(share(1, 0)).toBe('–');
});

test('an assignment says who came in, and when nobody did, why', () => {
  expect(assignedWords({ added: 1, already_there: 0 }, 'Fair')).toBe('1 contact was added to Fair');
  expect(assignedWords({ added: 0, already_there: 2 }, 'Fair')).toBe('They all are in Fair already');
  expect(assignedWords({ added: 0, already_there: 0 }, 'Fair')).toBe('Nobody was added to Fair');
});
