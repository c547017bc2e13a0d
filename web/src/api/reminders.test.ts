import { expect, test } from 'vitest';
import { dueToday } from './reminders';
import type { Activity, ActivityPage } from './schemas';

const page = (...due: [string, boolean][]): ActivityPage => ({
  items: due.map(([due_at, has_time], n) => ({ id: String(n), due_at, has_time }) as Activity),
  next_cursor: null,
});

test('a date is due on its day wherever somebody is; tomorrow’s is not, though it began in Greenwich', () => {
  const now = new Date(2026, 10, 28, 18, 0);
  const { items, more } = dueToday(
    page(
      ['2026-11-29T00:00:00Z', false],
      [new Date(2026, 10, 28, 23, 59).toISOString(), true],
      ['2026-11-28T00:00:00Z', false],
      ['2026-11-20T00:00:00Z', false],
    ),
    now,
  );
  expect(items.map((a) => a.id)).toEqual(['1', '2', '3']);
  expect(more).toBe(false);
});

test('of more than fit on a page it is known that there are more', () => {
  expect(dueToday({ items: [], next_cursor: 'x' }).more).toBe(true);
});
