import { expect, test } from 'vitest';
import { postponed } from './postpone';

test('what is put off keeps its time of day, counted from today and not from when it was due', () => {
  const now = new Date(2026, 10, 28, 17, 30);
  const due_at = new Date(2026, 9, 2, 9, 15).toISOString();
  expect(postponed({ due_at, has_time: true }, 3, now)).toEqual({
    due_at: new Date(2026, 11, 1, 9, 15).toISOString(),
  });
  expect(postponed({ due_at: '2026-10-02T00:00:00Z', has_time: false }, 7, now)).toEqual({
    due_at: '2026-12-05T00:00:00Z',
  });
});
