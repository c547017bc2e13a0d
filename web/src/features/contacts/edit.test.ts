import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { queryClient } from '../../api/client';
import { contactQuery } from '../../api/contacts';
import type { Contact } from '../../api/schemas';
import { setWarmness } from './changes';
import { opposite } from './edit';

const ada = {
  id: 'c1',
  full_name: 'Ada Novak',
  warmness: 3,
  tags: ['x'],
  owner: null,
  emails: [{ value: 'a@example.com', label: 'work', primary: true }],
  phones: [],
  linked: [],
} as unknown as Contact;
const shown = () => queryClient.getQueryData(contactQuery('c1').queryKey)?.warmness;
const reply = (status: number, value: unknown) =>
  new Response(JSON.stringify(value), { status, headers: { 'content-type': 'application/json' } });

beforeEach(() => {
  vi.useFakeTimers();
  queryClient.setQueryData(contactQuery('c1').queryKey, ada);
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

test('a change shows at once and quick steps are sent as one', async () => {
  const bodies: unknown[] = [];
  vi.stubGlobal('fetch', async (request: Request) => {
    bodies.push(await request.json());
    return reply(200, { ...ada, warmness: 5 });
  });
  setWarmness(ada, 4);
  expect(shown()).toBe(4);
  setWarmness({ ...ada, warmness: 4 }, 5);
  await vi.advanceTimersByTimeAsync(1000);
  expect(bodies).toEqual([{ warmness: 5 }]);
  expect(shown()).toBe(5);
});

test('a refused change is rolled back to what was before all steps', async () => {
  vi.stubGlobal('fetch', () => Promise.resolve(reply(403, { code: 'forbidden', detail: 'Not yours.' })));
  setWarmness(ada, 4);
  setWarmness({ ...ada, warmness: 4 }, 5);
  await vi.advanceTimersByTimeAsync(1000);
  expect(shown()).toBe(3);
});

test('what is read while an edit is under way does not turn it back', async () => {
  vi.stubGlobal('fetch', async (request: Request) =>
    reply(200, request.method === 'GET' ? ada : { ...ada, warmness: 6 }),
  );
  setWarmness(ada, 6);
  await queryClient.fetchQuery({ ...contactQuery('c1'), staleTime: 0 });
  expect(shown()).toBe(6);
  await vi.advanceTimersByTimeAsync(1000);
  await queryClient.fetchQuery({ ...contactQuery('c1'), staleTime: 0 });
  expect(shown()).toBe(3);
});

test('undo sets the same fields back and no others', () => {
  expect(opposite(ada, { warmness: 9 })).toEqual({ warmness: 3 });
  expect(opposite(ada, { owner_member_id: 'm2', tags: [] })).toEqual({ owner_member_id: null, tags: ['x'] });
  expect(opposite(ada, { emails: [{ value: 'b@example.com', primary: true }] })).toEqual({
    emails: [{ value: 'a@example.com', label: 'work', primary: true }],
  });
});
