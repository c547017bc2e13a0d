import { afterEach, expect, test, vi } from 'vitest';
import { body, http } from './client';

const json = (value: object) =>
  new Response(JSON.stringify(value), { headers: { 'content-type': 'application/json' } });
const later = () => {
  const fetch = vi.fn((_: Request) => Promise.resolve(json({ from: 'the wire' })));
  vi.stubGlobal('fetch', fetch);
  return fetch;
};
const session = () => body(http.GET('/api/auth/session')) as Promise<unknown>;

afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
  window.tandemSession = undefined;
});

test('who is signed in was asked before the app arrived; the answer is good once', async () => {
  vi.spyOn(performance, 'now').mockReturnValue(900);
  const fetch = later();
  window.tandemSession = Promise.resolve(json({ from: 'before' }));
  expect(await session()).toEqual({ from: 'before' });
  expect(fetch).not.toHaveBeenCalled();
  expect(await session()).toEqual({ from: 'the wire' });
});

test('other questions do not use it up', async () => {
  vi.spyOn(performance, 'now').mockReturnValue(900);
  later();
  window.tandemSession = Promise.resolve(json({ from: 'before' }));
  await http.GET('/api/billing');
  expect(await session()).toEqual({ from: 'before' });
});

test('an answer from before somebody signed in, or an old one, is no answer', async () => {
  const now = vi.spyOn(performance, 'now').mockReturnValue(900);
  later();
  window.tandemSession = Promise.resolve(json({ from: 'before' }));
  await http.POST('/api/auth/logout');
  expect(await session()).toEqual({ from: 'the wire' });
  window.tandemSession = Promise.resolve(json({ from: 'before' }));
  now.mockReturnValue(60_000);
  expect(await session()).toEqual({ from: 'the wire' });
});
