import { expect, test } from 'vitest';
import type { DayUse, Purpose } from '../../api/schemas';
import { ceiling, takeaway, tokensOf } from './use-words';

const day = (day: string, used: Partial<Record<Purpose, number>> = {}): DayUse => {
  const purposes = Object.entries(used).map(([purpose, tokens]) => ({
    purpose: purpose as Purpose,
    requests: 1,
    tokens,
    throttled: 0,
  }));
  return { day, requests: purposes.length, tokens: purposes.reduce((n, p) => n + p.tokens, 0), purposes };
};

test('the sentence says what was used today, for what, and which day was the dearest', () => {
  const days = [
    day('2026-11-18', { import: 1200 }),
    day('2026-11-19'),
    day('2026-11-20', { import: 250, browse: 60 }),
  ];
  expect(takeaway({ days }, 'token')).toBe(
    'Today 310 tokens: 250 for imports, 60 for looking at people. Most on 18 Nov: 1,200.',
  );
  expect(takeaway({ days: [...days.slice(1, 2), day('2026-11-20', { connect: 2 })] }, 'request')).toBe(
    'Today 2 requests: 2 for connecting. None on the 13 days before.',
  );
  expect(takeaway({ days: [day('2026-11-19'), day('2026-11-20', { refresh: 0 })] }, 'credit')).toBe(
    'No credits were used in the last 14 days.',
  );
});

test('a purpose that was not there that day used nothing', () => {
  expect(tokensOf(day('2026-11-20', { import: 5 }), 'browse')).toBe(0);
});

test.each([
  [0, 10],
  [10, 10],
  [11, 20],
  [310, 400],
  [1200, 2000],
  [99_999, 100_000],
])('above %d the grid ends at %d', (max, top) => expect(ceiling(max)).toBe(top));
