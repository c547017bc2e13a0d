import { renderHook } from '@testing-library/react';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { discardUnsent, keepUnsent, sendUnsent, type Unsent, useUnsent } from './outbox';

const unsent = (key: string, of = 'company:member'): Unsent => ({
  key,
  of,
  contactName: 'Ada Novak',
  activity: { contact_id: 'c1', kind: 'CALL' },
});
const left = (of = 'company:member') => renderHook(() => useUnsent(of)).result.current;
const reply = (status: number, body: unknown) =>
  Promise.resolve(
    new Response(JSON.stringify(body), { status, headers: { 'content-type': 'application/json' } }),
  );

beforeEach(() => localStorage.clear());
afterEach(() => {
  for (const { key } of [...left(), ...left('other:member')]) discardUnsent(key);
  vi.unstubAllGlobals();
});

test('what waits is sent in its order with its own key, and forgotten', async () => {
  const keys: (string | null)[] = [];
  vi.stubGlobal('fetch', (request: Request) => {
    keys.push(request.headers.get('Idempotency-Key'));
    return reply(201, { id: 'a' });
  });
  keepUnsent(unsent('k1'));
  keepUnsent(unsent('k2'));
  expect(JSON.parse(localStorage.getItem('tandem-unsent-activities') ?? '')).toHaveLength(2);
  await sendUnsent('company:member');
  expect(keys).toEqual(['k1', 'k2']);
  expect(left()).toEqual([]);
});

test('nothing is lost while the server cannot be reached, and nothing is skipped', async () => {
  const fetch = vi.fn(() => Promise.reject(new TypeError('Failed to fetch')));
  vi.stubGlobal('fetch', fetch);
  keepUnsent(unsent('k1'));
  keepUnsent(unsent('k2'));
  await sendUnsent('company:member');
  expect(fetch).toHaveBeenCalledOnce();
  expect(left().map((u) => u.key)).toEqual(['k1', 'k2']);
});

test('what the server does not take keeps the reason and does not hold up the rest', async () => {
  vi.stubGlobal('fetch', (request: Request) =>
    request.headers.get('Idempotency-Key') === 'k1'
      ? reply(404, { code: 'not_found', detail: 'There is no such contact.' })
      : reply(201, { id: 'a' }),
  );
  keepUnsent(unsent('k1'));
  keepUnsent(unsent('k2'));
  await sendUnsent('company:member');
  expect(left()).toMatchObject([{ key: 'k1', problem: 'There is no such contact.' }]);
});

test('entries of another member are neither shown nor sent', async () => {
  const fetch = vi.fn(() => reply(201, { id: 'a' }));
  vi.stubGlobal('fetch', fetch);
  keepUnsent(unsent('k1', 'other:member'));
  expect(left()).toEqual([]);
  await sendUnsent('company:member');
  expect(fetch).not.toHaveBeenCalled();
});
