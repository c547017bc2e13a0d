import { expect, test } from 'vitest';
import { since } from './when';

test('a span of days becomes a moment, and nothing else does', () => {
  const now = Date.parse('2026-11-28T08:30:42.123Z');
  expect(since('7', now)).toBe('2026-11-21T08:30:00.000Z');
  expect(since('7', now + 10_000)).toBe(since('7', now));
  expect(since('8', now)).toBeUndefined();
  expect(since(undefined, now)).toBeUndefined();
});
