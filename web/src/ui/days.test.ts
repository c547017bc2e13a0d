import { expect, test } from 'vitest';
import { addDays, atWhen, byDay, clock, dayOf, dayTitle, fieldTime, localDay, shortDay } from './days';

const local = (y: number, m: number, d: number, h = 0, min = 0) => new Date(y, m - 1, d, h, min);

test('a day is the one of the reader, a date without time is the same everywhere', () => {
  expect(dayOf(local(2026, 11, 28, 23, 59).toISOString())).toBe('2026-11-28');
  expect(dayOf(local(2026, 11, 28, 0, 1).toISOString())).toBe('2026-11-28');
  expect(dayOf('2026-11-28T00:00:00Z', false)).toBe('2026-11-28');
});

test('days close by have names, days of other years say the year', () => {
  const today = '2026-11-28';
  expect(dayTitle('2026-11-28', today)).toBe('Today');
  expect(dayTitle('2026-11-27', today)).toBe('Yesterday');
  expect(dayTitle('2026-11-29', today)).toBe('Tomorrow');
  expect(dayTitle('2026-11-30', today)).toMatch(/^Monday,? 30 November$/);
  expect(shortDay('2026-11-29', today)).toBe('Tomorrow');
  expect(shortDay('2026-12-01', today)).toBe('1 Dec');
  expect(dayTitle('2024-02-29', today)).toBe('29 February 2024');
  expect(dayTitle('9999-12-31', today)).toBe('31 December 9999');
});

test('counting days crosses months, years and the leap day', () => {
  expect(addDays('2026-12-31', 1)).toBe('2027-01-01');
  expect(addDays('2028-02-28', 1)).toBe('2028-02-29');
  expect(addDays('2026-03-01', -1)).toBe('2026-02-28');
});

test('a moment is said as far as it is away', () => {
  const now = local(2026, 11, 28, 9);
  const at = local(2026, 11, 28, 14, 5);
  expect(clock(at.toISOString())).toBe('14:05');
  expect(atWhen(at.toISOString(), now)).toBe('at 14:05');
  expect(atWhen(local(2026, 11, 29, 9).toISOString(), now)).toBe('tomorrow at 09:00');
  expect(atWhen(local(2026, 12, 2, 9).toISOString(), now)).toMatch(/^on Wednesday,? 2 December at 09:00$/);
});

test('neighbours of one day are one group and the order stays', () => {
  const items = ['2026-11-28', '2026-11-28', '2026-11-27', '2026-11-28'].map((day, n) => ({ day, n }));
  expect(byDay(items, (i) => i.day).map((g) => [g.day, g.items.map((i) => i.n)])).toEqual([
    ['2026-11-28', [0, 1]],
    ['2026-11-27', [2]],
    ['2026-11-28', [3]],
  ]);
  expect(byDay([], () => '')).toEqual([]);
});

test('the field of the browser gets local time to the minute', () => {
  const at = local(2026, 1, 5, 7, 3);
  expect(fieldTime(at)).toBe('2026-01-05T07:03');
  expect(new Date(fieldTime(at)).getTime()).toBe(at.getTime());
  expect(localDay(at)).toBe('2026-01-05');
});
