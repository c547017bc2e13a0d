import { expect, test } from 'vitest';
import type { DeliveryCounts } from '../../api/schemas';
import { texts } from '../../ui/url';
import { filterOf, isFiltered, retryable, retryState } from './url';

const read = texts('provider', 'state', 'cause', 'kind', 'contact');
const counts = {
  queued: 0,
  held: 1,
  sending: 0,
  delivered: 90,
  retrying: 2,
  unknown: 0,
  failed: 4,
  dead: 2,
  causes: [
    { cause: 'refused', count: 3 },
    { cause: 'gave_up', count: 2 },
    { cause: 'ambiguous', count: 1 },
  ],
  at_least: false,
} as DeliveryCounts;

test('what the address says survives a round trip', () => {
  const search = read({ state: 'failed', cause: 'refused', provider: 'acme' });
  expect(filterOf(search)).toMatchObject({ states: ['failed'], cause: 'refused', provider: 'acme' });
  expect(read(search)).toEqual(search);
  expect(isFiltered(filterOf(search))).toBe(true);
});

test('a card counts several states together, and its link lists them all', () => {
  expect(filterOf({ state: 'failing' }).states).toEqual(['failed', 'dead']);
  expect(filterOf({ state: 'waiting' }).states).toEqual(['retrying', 'unknown', 'sending', 'queued']);
  expect(retryable(filterOf({ state: 'failing' }), counts)).toBe(6);
  expect(retryable(filterOf({ state: 'waiting' }), counts)).toBe(0);
  expect(retryState(filterOf({ state: 'failing' }))).toBeUndefined();
  expect(retryState(filterOf({ state: 'dead' }))).toBe('dead');
});

test('unknown words mean no filter', () => {
  const filter = filterOf(read({ state: 'lost', cause: '', kind: { $ne: 1 } }));
  expect(isFiltered(filter)).toBe(false);
});

test('trying again counts what ended without success under the filter', () => {
  expect(retryable(filterOf({}), counts)).toBe(6);
  expect(retryable(filterOf({ state: 'failed' }), counts)).toBe(4);
  expect(retryable(filterOf({ cause: 'refused' }), counts)).toBe(3);
  expect(retryable(filterOf({ state: 'dead', cause: 'refused' }), counts)).toBe(2);
  expect(retryable(filterOf({ cause: 'ambiguous' }), counts)).toBe(0);
  expect(retryable(filterOf({ state: 'retrying' }), counts)).toBe(0);
  expect(retryable(filterOf({ contact: 'c1' }), counts)).toBe(0);
  expect(retryable(filterOf({}), null)).toBe(0);
});
