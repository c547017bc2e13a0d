import { expect, test } from 'vitest';
import { morningIn, WHILES } from './while';

test('what is put off comes back in the morning, whatever the time of day', () => {
  for (const hour of [0, 5, 12, 23]) {
    const at = new Date(morningIn(1, new Date(2026, 10, 30, hour, 59)));
    expect([at.getMonth(), at.getDate(), at.getHours(), at.getMinutes()]).toEqual([11, 1, 6, 0]);
  }
  expect(WHILES.every(({ days }) => Date.parse(morningIn(days)) > Date.now())).toBe(true);
});
