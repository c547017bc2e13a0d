import { expect, test } from 'vitest';
import { listState, NOBODY, toggle, toggleList } from './selection';

test('a person is taken and left out again, without touching the set that was', () => {
  const one = toggle(NOBODY, 'a');
  expect([...one]).toEqual(['a']);
  expect(NOBODY.size).toBe(0);
  expect(toggle(one, 'a').size).toBe(0);
});

test('the box in the head takes what is missing first', () => {
  expect([...toggleList(new Set(['b']), ['a', 'b'])].sort()).toEqual(['a', 'b']);
  expect(toggleList(new Set(['a', 'b']), ['a', 'b']).size).toBe(0);
});

test('people chosen under another search stay chosen', () => {
  expect(toggleList(new Set(['z', 'a']), ['a'])).toEqual(new Set(['z']));
});

test('the box shows all, some or none of the list on screen', () => {
  expect(listState(new Set(['a', 'b', 'z']), ['a', 'b'])).toBe('all');
  expect(listState(new Set(['a']), ['a', 'b'])).toBe('some');
  expect(listState(new Set(['z']), ['a', 'b'])).toBe('none');
  expect(listState(NOBODY, [])).toBe('none');
});
