import { expect, test } from 'vitest';
import { inTheWay, size, timeLeft } from './words';

test('a file can start when a column is a name or an e-mail address and none is chosen twice', () => {
  const column = (field: never) => ({ name: 'x', field });
  const of = (...fields: string[]) => inTheWay(fields.map((f) => column(f as never)));
  expect(of('email', 'custom', 'custom')).toBeNull();
  expect(of('email', 'email', 'phone', 'phone')).toBeNull();
  expect(of('phone', 'organization')).toMatch(/name or an e-mail/);
  expect(of('full_name', 'full_name')).toBe('Two columns are “Name”. Choose one of them.');
});

test('bytes are told as people read them', () => {
  expect([1, 12_345, 999_999, 3_440_000, 209_715_200].map(size)).toEqual([
    '1 kB',
    '12 kB',
    '1,000 kB',
    '3.4 MB',
    '209.7 MB',
  ]);
});

test('the time left follows from the pace, and is not guessed at first', () => {
  expect(timeLeft(1_000, 10_000, 1_000)).toBeNull();
  expect(timeLeft(0, 10_000, 5_000)).toBeNull();
  expect(timeLeft(2_000, 10_000, 4_000)).toBe(16);
});
