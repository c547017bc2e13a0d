import { expect, test } from 'vitest';
import type { Activity } from '../../api/schemas';
import { back, blank, changed, fromActivity, isAhead, nextStep, toActivity, tomorrowAtTen } from './draft';
import { KIND_WORDS, kindOf } from './kind-words';
import { ASKED, subjectOf } from './kinds';

const now = new Date(2026, 10, 28, 14, 0);
const ada = { id: 'c1', full_name: 'Ada Novak' };

test('an untouched form is a call that was made just now', () => {
  expect(toActivity(blank(ada), ada, now)).toEqual({
    contact_id: 'c1',
    kind: 'CALL',
    subject: '',
    note: '',
    due_at: now.toISOString(),
    has_time: true,
    done: true,
  });
});

test('a meeting that is ahead is booked, not done', () => {
  const draft = { ...blank(ada), kind: 'MEETING' as const, at: tomorrowAtTen(now), minutes: 30 };
  expect(isAhead(draft, now)).toBe(true);
  expect(toActivity(draft, ada, now)).toMatchObject({
    due_at: new Date(2026, 10, 29, 10).toISOString(),
    done: false,
    duration_minutes: 30,
  });
});

test('a meeting that was only asked for is not booked, until its subject says otherwise', () => {
  const draft = { ...blank(ada), kind: 'MEETING' as const, subject: subjectOf('MEETING', ASKED) };
  const asked = toActivity(draft, ada, now);
  expect(asked).toMatchObject({ booked: false, done: true });
  const before = { ...asked, contact: ada, booked: false } as unknown as Activity;
  expect(changed(before, { ...fromActivity(before), subject: 'Meeting: took place' }, now)).toEqual({
    subject: 'Meeting: took place',
    booked: true,
  });
  expect(toActivity({ ...draft, kind: 'CALL' }, ada, now)).not.toHaveProperty('booked');
});

test('something earlier today is done', () => {
  const draft = { ...blank(ada), at: '2026-11-28T09:30' };
  expect(toActivity(draft, ada, now).done).toBe(true);
});

test('the next step is a day without a time, and only when asked for', () => {
  expect(nextStep(blank(ada), ada, now)).toBeNull();
  expect(nextStep({ ...blank(ada), next: 3 }, ada, now)).toEqual({
    contact_id: 'c1',
    kind: 'CALL',
    subject: 'Follow up',
    due_at: '2026-12-01T00:00:00Z',
    has_time: false,
    done: false,
  });
  expect(nextStep({ ...blank(ada), kind: 'EMAIL', next: 1 }, ada, now)?.kind).toBe('EMAIL');
});

const call = {
  id: 'a1',
  contact: ada,
  kind: 'CALL',
  subject: null,
  note: 'Asked for a price.',
  due_at: new Date(2026, 10, 27, 9).toISOString(),
  has_time: true,
  duration_minutes: null,
  done: true,
} as unknown as Activity;

test('an edit sends only what differs', () => {
  const draft = fromActivity(call);
  expect(changed(call, draft, now)).toEqual({});
  expect(changed(call, { ...draft, note: ' Asked for two prices. ' }, now)).toEqual({
    note: 'Asked for two prices.',
  });
  expect(changed(call, { ...draft, at: '2026-11-30T09:00', minutes: 45 }, now)).toEqual({
    due_at: new Date(2026, 10, 30, 9).toISOString(),
    has_time: true,
    done: false,
    duration_minutes: 45,
  });
});

test('undo sets the same fields back and no others', () => {
  expect(back(call, { note: 'x', duration_minutes: 5 })).toEqual({
    note: 'Asked for a price.',
    duration_minutes: null,
  });
});

test('a word of the address is a kind or nothing', () => {
  expect(KIND_WORDS.map(kindOf)).toEqual(KIND_WORDS);
  expect(kindOf('call')).toBeUndefined();
  expect(subjectOf('CALL', 'No answer')).toBe('Call: no answer');
});
