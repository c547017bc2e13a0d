import { afterEach, expect, test, vi } from 'vitest';
import { body, http, onSessionEnded } from './client';
import { Problem, problemFrom, retryAfter } from './problem';

const answer = (status: number, value: unknown, headers: Record<string, string> = {}) =>
  new Response(typeof value === 'string' ? value : JSON.stringify(value), {
    status,
    headers: { 'content-type': 'application/problem+json', ...headers },
  });
const serve = (response: Response) => {
  const fetch = vi.fn((_: Request) => Promise.resolve(response));
  vi.stubGlobal('fetch', fetch);
  return fetch;
};
afterEach(() => vi.unstubAllGlobals());

test('a problem keeps the code, the sentence, the reference and the fields', async () => {
  const problem = await problemFrom(
    answer(400, {
      title: 'Invalid',
      status: 400,
      detail: 'Two fields are wrong.',
      code: 'invalid',
      request_id: 'r-1',
      fields: [{ field: 'email', message: 'This is not an address' }],
    }),
  );
  expect(problem).toMatchObject({ code: 'invalid', message: 'Two fields are wrong.', requestId: 'r-1' });
  expect(problem.fields).toEqual({ email: 'This is not an address' });
});

test('a page of HTML from a proxy becomes a problem with the status and no markup', async () => {
  const problem = await problemFrom(answer(502, '<h1>Bad gateway</h1>', { 'content-type': 'text/html' }));
  expect(problem).toMatchObject({ status: 502, code: 'internal' });
  expect(problem.message).not.toContain('<');
});

test('broken JSON is survived', async () => {
  expect(await problemFrom(answer(500, '{"detail":'))).toMatchObject({ status: 500, code: 'internal' });
});

test('Retry-After is read as seconds and as a date', () => {
  expect(retryAfter('30')).toBe(30);
  expect(retryAfter('Fri, 20 Nov 2026 10:00:30 GMT', Date.UTC(2026, 10, 20, 10, 0, 0))).toBe(30);
  expect(retryAfter('soon')).toBeNull();
  expect(retryAfter(null)).toBeNull();
});

test('the header fills in what the body leaves out', async () => {
  const problem = await problemFrom(answer(429, { code: 'too_many_requests' }, { 'retry-after': '7' }));
  expect(problem.retryAfterS).toBe(7);
});

test('calls that change something carry the CSRF header, reading ones do not', async () => {
  const write = serve(answer(200, {}, { 'content-type': 'application/json' }));
  await http.POST('/api/billing/plan', { body: { plan: 'business' } });
  expect(write.mock.calls[0]?.[0].headers.get('X-Tandem-CSRF')).toBe('1');
  const read = serve(answer(200, {}, { 'content-type': 'application/json' }));
  await http.GET('/api/billing');
  expect(read.mock.calls[0]?.[0].headers.get('X-Tandem-CSRF')).toBeNull();
});

test('401 ends the session everywhere but where people sign in', async () => {
  const ended = vi.fn();
  onSessionEnded(ended);
  serve(answer(401, { code: 'wrong_credentials', detail: 'Wrong.' }));
  await expect(
    http.POST('/api/auth/login', { body: { email: 'a@b.c', password: 'x' } }),
  ).rejects.toBeInstanceOf(Problem);
  expect(ended).not.toHaveBeenCalled();
  serve(answer(401, { code: 'unauthenticated' }));
  await expect(body(http.GET('/api/contacts'))).rejects.toMatchObject({ code: 'unauthenticated' });
  expect(ended).toHaveBeenCalledOnce();
});

test('no answer at all is a problem of its own', async () => {
  vi.stubGlobal('fetch', () => Promise.reject(new TypeError('Failed to fetch')));
  await expect(body(http.GET('/api/contacts'))).rejects.toMatchObject({ code: 'offline', status: 0 });
});
