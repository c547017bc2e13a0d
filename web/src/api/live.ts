import { useEffect, useRef } from 'react';
import { body, http } from './client';
import type { Delivery, DeliveryState, LiveEvent } from './schemas';

const CALM_MS = 250;
const POLL_MS = 5_000;
const AGAIN_MS = 30_000;

/**
 * Deliveries as they move, in batches: one stream per tab; while it is broken, the newest are asked for
 * and compared. An empty batch means that something may have been missed: read the lists again.
 */
export function useLive(tell: (moved: Delivery[]) => void) {
  const listener = useRef(tell);
  useEffect(() => {
    listener.current = tell;
  });
  useEffect(() => listen((moved) => listener.current(moved)), []);
}

export function listen(tell: (moved: Delivery[]) => void): () => void {
  let batch = new Map<string, Delivery>();
  let stream: EventSource | undefined;
  const timers = new Set<ReturnType<typeof setTimeout>>();
  let poll: ReturnType<typeof setInterval> | undefined;
  let broken = false;
  let over = false;
  let known: Map<string, DeliveryState> | null = null;

  const later = (work: () => void, ms: number) => {
    const timer = setTimeout(() => {
      timers.delete(timer);
      work();
    }, ms);
    timers.add(timer);
  };
  const hear = (delivery: Delivery) => {
    if (batch.size === 0)
      later(() => {
        const moved = [...batch.values()];
        batch = new Map();
        tell(moved);
      }, CALM_MS);
    batch.set(delivery.id, delivery);
  };
  const look = async () => {
    const page = await body(http.GET('/api/deliveries', { params: { query: { limit: 20 } } })).catch(
      () => null,
    );
    if (!page || !broken || over) return;
    const before = known;
    known = new Map(page.items.map((d) => [d.id, d.state]));
    if (before) for (const d of page.items) if (before.get(d.id) !== d.state) hear(d);
  };
  const breaks = () => {
    if (broken) return;
    broken = true;
    known = null;
    void look();
    poll = setInterval(() => void look(), POLL_MS);
  };
  const heals = () => {
    clearInterval(poll);
    broken = false;
  };
  const open = () => {
    if (typeof EventSource === 'undefined') return breaks();
    stream = new EventSource('/api/events');
    stream.addEventListener('open', heals);
    // The first event of each stream is a resync: what happened while it was broken is read then.
    stream.addEventListener('resync', () => tell([]));
    stream.addEventListener('delivery', (event) => {
      const delivery = read((event as MessageEvent<string>).data);
      if (delivery) hear(delivery);
      else tell([]);
    });
    stream.addEventListener('error', () => {
      breaks();
      // The browser reconnects by itself unless the answer was no stream at all.
      if (stream?.readyState === EventSource.CLOSED) later(open, AGAIN_MS);
    });
  };

  open();
  return () => {
    over = true;
    stream?.close();
    clearInterval(poll);
    for (const timer of timers) clearTimeout(timer);
  };
}

function read(data: string): Delivery | null {
  try {
    return (JSON.parse(data) as LiveEvent).delivery ?? null;
  } catch {
    return null;
  }
}
