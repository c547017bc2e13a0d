import { expect, test } from 'vitest';
import { safeNext, tokenFromHash } from '../../ui/url';
import { ariaSort, contactsSearch, filterOf, isFiltered, nextSort } from './url';

test('an unfiltered list has the plain address', () => {
  expect(contactsSearch({})).toEqual({});
  expect(contactsSearch({ search: '  ', sort: '-created', owner: '' })).toEqual({});
});

test('what the address says survives a round trip', () => {
  const search = contactsSearch({ search: 'novák', owner: 'none', sort: 'name', contact: 'c1' });
  expect(search).toEqual({ search: 'novák', owner: 'none', sort: 'name', contact: 'c1' });
  expect(filterOf(search)).toMatchObject({ search: 'novák', owner: 'none', sort: 'name' });
  expect(contactsSearch(search)).toEqual(search);
});

test('unknown orders and odd values are ignored', () => {
  expect(contactsSearch({ sort: 'password', search: { $ne: 1 }, extra: 'x' })).toEqual({});
});

test('a number typed into the search stays text', () => {
  expect(contactsSearch({ search: 4930 })).toEqual({ search: '4930' });
});

test('an open drawer is not a filter', () => {
  expect(isFiltered(contactsSearch({ contact: 'c1', sort: 'name' }))).toBe(false);
  expect(isFiltered(contactsSearch({ tag: 'x' }))).toBe(true);
  expect(isFiltered(contactsSearch({ campaign: 'x' }))).toBe(true);
});

test('a column head sorts the natural way first and turns round after', () => {
  expect(nextSort(undefined, 'name')).toBe('name');
  expect(nextSort('name', 'name')).toBe('-name');
  expect(nextSort('name', 'warmness')).toBe('-warmness');
  expect(nextSort(undefined, 'created')).toBe('created');
  expect(nextSort('created', 'created')).toBeUndefined();
});

test('the order is announced on the column that has it, and only there', () => {
  expect(ariaSort(undefined, 'created')).toBe('descending');
  expect(ariaSort('name', 'name')).toBe('ascending');
  expect(ariaSort('name', 'created')).toBe('none');
});

test.each([
  ['//evil.example/x'],
  ['/\\evil.example'],
  ['https://evil.example'],
  ['javascript:alert(1)'],
  ['/signin?next=/signin'],
  [undefined],
])('after signing in %s leads to the contacts', (next) => expect(safeNext(next)).toBe('/contacts'));

test('after signing in a page of ours is gone on to', () => {
  expect(safeNext('/sync-logs/1?outcome=created')).toBe('/sync-logs/1?outcome=created');
});

test('the token of a mailed link is in the fragment', () => {
  expect(tokenFromHash('#token=a-b_c')).toBe('a-b_c');
  expect(tokenFromHash('')).toBeNull();
  expect(tokenFromHash('#token=')).toBeNull();
});
