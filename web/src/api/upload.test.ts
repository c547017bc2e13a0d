import { afterEach, expect, test, vi } from 'vitest';
import { onSessionEnded } from './client';
import type { Problem } from './problem';
import { type Sent, upload } from './upload';

/** A request that goes as far as the test says. */
class Wire {
  static last: Wire;
  upload: { onprogress?: (event: { loaded: number; total: number }) => void } = {};
  headers: Record<string, string> = {};
  status = 0;
  responseText = '';
  aborted = false;
  onload?: () => void;
  onerror?: () => void;
  onabort?: () => void;
  constructor() {
    Wire.last = this;
  }
  open() {}
  send() {}
  setRequestHeader(name: string, value: string) {
    this.headers[name] = value;
  }
  getResponseHeader = (name: string) => (name === 'content-type' ? 'application/problem+json' : null);
  abort() {
    this.aborted = true;
    this.onabort?.();
  }
  answer(status: number, body: object) {
    this.status = status;
    this.responseText = JSON.stringify(body);
    this.onload?.();
  }
}
afterEach(() => vi.unstubAllGlobals());

function begin() {
  vi.stubGlobal('XMLHttpRequest', Wire);
  const told: Sent[] = [];
  const stop = new AbortController();
  const file = new Blob(['a;b\n']);
  const answer = upload('/api/imports/csv', file, {
    type: 'text/csv',
    signal: stop.signal,
    onSent: (sent) => told.push(sent),
  });
  return { answer, told, stop, wire: Wire.last };
}

test('a file is sent with our mark, tells its bytes and ends with the answer', async () => {
  const { answer, told, wire } = begin();
  wire.upload.onprogress?.({ loaded: 2, total: 4 });
  wire.upload.onprogress?.({ loaded: 4, total: 4 });
  wire.answer(201, { id: 'f' });
  expect(await answer).toEqual({ id: 'f' });
  expect(told).toEqual([
    { bytes: 2, of: 4 },
    { bytes: 4, of: 4 },
  ]);
  expect(wire.headers).toEqual({ 'Content-Type': 'text/csv', 'X-Tandem-CSRF': '1' });
});

test('what the server refuses is the server’s problem, in its words', async () => {
  const { answer, wire } = begin();
  wire.answer(400, { status: 400, code: 'empty_file', detail: 'The file is empty.' });
  await expect(answer).rejects.toMatchObject({ code: 'empty_file', message: 'The file is empty.' });
});

test('a session that ended meanwhile leads to the door', async () => {
  const ended = vi.fn();
  onSessionEnded(ended);
  const { answer, wire } = begin();
  wire.answer(401, { status: 401, code: 'unauthenticated' });
  await expect(answer).rejects.toMatchObject({ status: 401 });
  expect(ended).toHaveBeenCalledOnce();
});

test('without a connection it says so, and nothing else', async () => {
  const { answer, wire } = begin();
  wire.onerror?.();
  await expect(answer).rejects.toSatisfy((problem: Problem) => problem.code === 'offline');
});

test('who cancels stops the bytes and gets no problem', async () => {
  const { answer, stop, wire } = begin();
  stop.abort();
  await expect(answer).rejects.toMatchObject({ name: 'AbortError' });
  expect(wire.aborted).toBe(true);
});
