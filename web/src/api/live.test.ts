import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { listen } from './live';
import type { Delivery } from './schemas';

class FakeStream extends EventTarget {
  static CLOSED = 2;
  static all: FakeStream[] = [];
  readyState = 0;
  closed = false;
  constructor(readonly url: string) {
    super();
    FakeStream.all.push(this);
  }
  close() {
    this.closed = true;
  }
  say(type: string, data?: unknown) {
    this.dispatchEvent(
      new MessageEvent(type, { data: typeof data === 'string' ? data : JSON.stringify(data) }),
    );
  }
}

const delivery = (id: string, state: string) => ({ id, state, contact: { id: 'c1' } }) as unknown as Delivery;
const heard: string[][] = [];
let stop = () => {};
const begin = () => {
  stop = listen((moved) => heard.push(moved.map((d) => `${d.id} ${d.state}`)));
  return FakeStream.all[0] as FakeStream;
};
let served: Delivery[] = [];

beforeEach(() => {
  vi.useFakeTimers();
  FakeStream.all = [];
  heard.length = 0;
  served = [];
  vi.stubGlobal('EventSource', FakeStream);
  vi.stubGlobal('fetch', () =>
    Promise.resolve(
      new Response(JSON.stringify({ items: served }), { headers: { 'content-type': 'application/json' } }),
    ),
  );
});
afterEach(() => {
  stop();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

test('what moves quickly is told as one batch, each delivery as it is last', async () => {
  const stream = begin();
  expect(stream.url).toBe('/api/events');
  for (const state of ['queued', 'sending', 'delivered'])
    stream.say('delivery', { kind: 'delivery', delivery: delivery('d1', state) });
  stream.say('delivery', { kind: 'delivery', delivery: delivery('d2', 'queued') });
  await vi.advanceTimersByTimeAsync(300);
  expect(heard).toEqual([['d1 delivered', 'd2 queued']]);
});

test('a resync, and news that cannot be read, say that lists are to be read again', () => {
  const stream = begin();
  stream.say('resync', { kind: 'resync' });
  stream.say('delivery', '{not json');
  expect(heard).toEqual([[], []]);
});

test('while the stream is broken the newest deliveries are asked for and compared', async () => {
  const stream = begin();
  served = [delivery('d1', 'queued')];
  stream.say('error');
  await vi.advanceTimersByTimeAsync(100);
  expect(heard).toEqual([]);
  served = [delivery('d2', 'queued'), delivery('d1', 'delivered')];
  await vi.advanceTimersByTimeAsync(5_500);
  expect(heard).toEqual([['d2 queued', 'd1 delivered']]);
  stream.say('open');
  served = [delivery('d2', 'delivered')];
  await vi.advanceTimersByTimeAsync(20_000);
  expect(heard).toHaveLength(1);
});

test('a stream that was refused is opened anew after a while, and left alone when the page goes', async () => {
  const stream = begin();
  stream.readyState = FakeStream.CLOSED;
  stream.say('error');
  await vi.advanceTimersByTimeAsync(31_000);
  expect(FakeStream.all).toHaveLength(2);
  stop();
  expect(FakeStream.all[1]?.closed).toBe(true);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(FakeStream.all).toHaveLength(2);
});
