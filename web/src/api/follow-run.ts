import { useQuery } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { isFinal } from './run-order';
import { putRun, runQuery } from './runs';
import type { Run } from './schemas';

const POLL_MS = 3_000;

/** A run as it is now: a stream while it lives, asked every three seconds when the stream breaks. */
export function useRun(id: string | null | undefined): {
  run: Run | undefined;
  error: Error | null;
  live: boolean;
} {
  const [live, setLive] = useState(false);
  const query = useQuery({
    ...runQuery(id ?? ''),
    enabled: Boolean(id),
    structuralSharing: false,
    queryFn: async (context) => {
      const ask = runQuery(id ?? '').queryFn;
      if (typeof ask !== 'function') throw new Error('a run is asked for by its id');
      return putRun(await ask(context as never));
    },
    refetchInterval: (q) => (!live && q.state.data && !isFinal(q.state.data) ? POLL_MS : false),
  });
  const ended = query.data ? isFinal(query.data) : false;

  useEffect(() => {
    if (!id || ended || typeof EventSource === 'undefined') return;
    const stream = new EventSource(`/api/sync-logs/${encodeURIComponent(id)}/events`);
    stream.addEventListener('open', () => setLive(true));
    stream.addEventListener('error', () => setLive(false)); // the browser reconnects; polling bridges
    stream.addEventListener('run', (event) => {
      const run = putRun(JSON.parse((event as MessageEvent<string>).data) as Run);
      if (isFinal(run)) stream.close();
    });
    return () => {
      stream.close();
      setLive(false);
    };
  }, [id, ended]);

  return { run: query.data, error: query.error, live };
}
