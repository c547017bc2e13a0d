import { expect, test } from 'vitest';
import type { CostForecast } from '../../api/schemas';
import { costWords, verdict } from './cost-words';

const cost = (part: Partial<CostForecast>): CostForecast => ({
  source: 'last_run',
  parts: [],
  requests: 12,
  tokens: 120,
  at_least: false,
  left_for_imports: 500,
  fits: 'today',
  days: null,
  resets_at: null,
  ...part,
});

test('an estimate says that it is one, and what is unknown is not made up', () => {
  expect(costWords(1200, false)).toBe('About 1,200');
  expect(costWords(5, true)).toBe('5 or more');
  expect(costWords(null, false)).toBe('Unknown');
});

test('an import that does not fit says that it waits, and how long as far as anybody knows', () => {
  const waits = verdict(cost({ fits: 'waits', days: 2 }), 'Acme CRM');
  expect(waits.tone).toBe('warn');
  expect(waits.means).toContain('2 more days');
  expect(waits.means).toContain('an hour that Acme CRM does not announce');
  const known = verdict(cost({ fits: 'waits', days: 1, resets_at: '2026-11-21T00:00:00Z' }), 'Acme CRM');
  expect(known.means).toContain('1 more day.');
  expect(known.means).not.toContain('announce');
  expect(verdict(cost({ fits: 'waits', left_for_imports: 0 }), 'x').word).toBe("Today's budget is used up");
});

test('a cost that nobody can know is neither good nor bad', () => {
  expect(verdict(cost({ fits: 'unknown', tokens: null }), 'Acme CRM').tone).toBe('idle');
});

test('what fits says where its number is from', () => {
  expect(verdict(cost({}), 'x').means).toContain('last complete import');
  expect(verdict(cost({ source: 'selection' }), 'x').means).toContain('selection');
  expect(verdict(cost({ at_least: true }), 'x').means).toContain('If nothing changed');
});
