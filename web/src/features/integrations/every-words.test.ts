import { expect, test } from 'vitest';
import { everyWords } from './every-words';

test('a rhythm is said in whole hours where it is some, and in minutes otherwise', () => {
  expect([1, 15, 60, 90, 360].map(everyWords)).toEqual([
    'every minute',
    'every 15 minutes',
    'every hour',
    'every 90 minutes',
    'every 6 hours',
  ]);
});
