import { expect, test } from 'vitest';
import { chosenPeriod, daysOf, reportFilter } from './period';

const TODAY = '2026-11-28';

test('an address means days, whatever stands in it', () => {
  const usual = { from: '2026-10-30', to: TODAY };
  expect(daysOf({}, TODAY)).toEqual(usual);
  expect(daysOf({ period: 'nonsense' }, TODAY)).toEqual(usual);
  expect(daysOf({ period: '7d' }, TODAY)).toEqual({ from: '2026-11-22', to: TODAY });
  expect(daysOf({ period: '12m' }, TODAY)).toEqual({ from: '2025-12-01', to: TODAY });
  expect(daysOf({ period: 'year' }, TODAY)).toEqual({ from: '2026-01-01', to: TODAY });
  expect(daysOf({ from: '2024-02-01', to: '2024-02-29' }, TODAY)).toEqual({
    from: '2024-02-01',
    to: '2024-02-29',
  });
  expect(daysOf({ from: '2027-01-01' }, TODAY)).toEqual({ from: '2027-01-01', to: '2027-01-01' });
  expect(daysOf({ from: '2026-12-01', to: '2026-11-01' }, TODAY)).toEqual(usual);
  expect(daysOf({ from: 'yesterday', to: '2026-13-45' }, TODAY)).toEqual(usual);
});

test('days of choice are shown as such, and a method that is none is left out', () => {
  expect(chosenPeriod({ from: '2026-01-01' })).toBe('other');
  expect(chosenPeriod({ period: 'other' })).toBe('other');
  expect(reportFilter({ method: 'PIGEON' }, TODAY).method).toBeUndefined();
  expect(reportFilter({ method: 'CALL' }, TODAY).method).toBe('CALL');
});
