import { expect, test } from 'vitest';
import type { Activity } from '../../api/schemas';
import { isOverdue, timeline } from './timeline-groups';

const now = new Date(2026, 10, 28, 14, 0);
const at = (day: number, hour: number, more: Partial<Activity> = {}): Activity =>
  ({
    id: `${day}-${hour}`,
    due_at: new Date(2026, 10, day, hour).toISOString(),
    has_time: true,
    done: day < 28 || (day === 28 && hour < 14),
    ...more,
  }) as Activity;
const date = (day: number, done = false): Activity =>
  ({ id: `d${day}`, due_at: `2026-11-${day}T00:00:00Z`, has_time: false, done }) as Activity;

test('what is ahead comes nearest first, what is past latest first, by day', () => {
  const feed = [at(30, 9), date(29), at(29, 8), at(28, 16), at(28, 9), at(27, 10), at(27, 9), at(25, 9)];
  const { overdue, ahead, past } = timeline(feed, now);
  expect(overdue).toEqual([]);
  expect(ahead.map((a) => a.id)).toEqual(['29-8', 'd29', '30-9']);
  expect(past.map((g) => [g.day, g.items.map((a) => a.id)])).toEqual([
    ['2026-11-28', ['28-16', '28-9']],
    ['2026-11-27', ['27-10', '27-9']],
    ['2026-11-25', ['25-9']],
  ]);
});

test('what was not done stands on top until it is', () => {
  const { overdue, past } = timeline([at(28, 9), date(26), at(25, 9, { done: false })], now);
  expect(overdue.map((a) => a.id)).toEqual(['25-9', 'd26']);
  expect(past.map((g) => g.day)).toEqual(['2026-11-28']);
});

test('a date is over when its day is, a moment at once', () => {
  expect(isOverdue(date(28), now)).toBe(false);
  expect(isOverdue(date(27), now)).toBe(true);
  expect(isOverdue(at(28, 13, { done: false }), now)).toBe(true);
  expect(isOverdue(at(28, 13, { done: true }), now)).toBe(false);
  expect(isOverdue(at(28, 15), now)).toBe(false);
});
