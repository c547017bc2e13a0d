import { expect, test } from 'vitest';
import { replaced } from './value-list';

const a = { value: 'a@example.com', label: 'work', primary: true };
const b = { value: 'b@example.com', label: null, primary: false };

test('one address is written anew and keeps its place, its label and its rank', () => {
  expect(replaced([a, b], 0, ' c@example.com ')).toEqual([{ ...a, value: 'c@example.com' }, b]);
});

test('an emptied address is taken out, and the first left becomes the primary one', () => {
  expect(replaced([a, b], 0, ' ')).toEqual([{ ...b, primary: true }]);
  expect(replaced([a, b], 1, '')).toEqual([a]);
  expect(replaced([a], 0, '')).toEqual([]);
});

test('the first address is primary, a further one is not', () => {
  expect(replaced([], 0, 'a@example.com')).toEqual([{ value: 'a@example.com', label: null, primary: true }]);
  expect(replaced([a], 1, 'b@example.com')).toEqual([a, b]);
  expect(replaced([a], 1, '')).toEqual([a]);
});
