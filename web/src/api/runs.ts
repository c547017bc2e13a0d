import { infiniteQueryOptions, keepPreviousData, queryOptions } from '@tanstack/react-query';
import { body, http, queryClient } from './client';
import { newer } from './run-order';
import type { Outcome, Run, RunState } from './schemas';

export const runsQuery = (filter: { provider?: string; state?: RunState }) =>
  infiniteQueryOptions({
    queryKey: ['runs', 'list', filter],
    queryFn: ({ pageParam, signal }) =>
      body(
        http.GET('/api/sync-logs', {
          params: { query: { ...filter, limit: 50, cursor: pageParam } },
          signal,
        }),
      ),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last) => last.next_cursor ?? undefined,
    placeholderData: keepPreviousData,
    // Running rows move; the single run has its own stream.
    refetchInterval: (query) =>
      query.state.data?.pages.some((p) => p.items.some((r) => !r.finished_at)) ? 3_000 : false,
  });

export const runQuery = (id: string) =>
  queryOptions({
    queryKey: ['runs', 'one', id],
    queryFn: () => body(http.GET('/api/sync-logs/{id}', { params: { path: { id } } })),
    staleTime: 2_000,
  });

/** Keeps the newest of what stream and polling say: answers may overtake each other. */
export function putRun(run: Run): Run {
  const key = runQuery(run.id).queryKey;
  const kept = newer(queryClient.getQueryData(key), run);
  queryClient.setQueryData(key, kept);
  return kept;
}

export const entriesQuery = (id: string, outcome: Outcome | undefined) =>
  infiniteQueryOptions({
    queryKey: ['runs', 'entries', id, outcome ?? 'all'],
    queryFn: ({ pageParam, signal }) =>
      body(
        http.GET('/api/sync-logs/{id}/entries', {
          params: { path: { id }, query: { outcome, limit: 100, cursor: pageParam } },
          signal,
        }),
      ),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last) => last.next_cursor ?? undefined,
    placeholderData: keepPreviousData,
  });

export const cancelRun = async (id: string) =>
  putRun(await body(http.POST('/api/sync-logs/{id}/cancel', { params: { path: { id } } })));

export const resumeRun = async (id: string) =>
  putRun(await body(http.POST('/api/sync-logs/{id}/resume', { params: { path: { id } } })));

/** Entries as a file, which the browser fetches by itself: of one outcome, or all that was not taken. */
export const entriesAddress = (id: string, outcome: Outcome | undefined) =>
  `/api/sync-logs/${encodeURIComponent(id)}/entries/file${outcome ? `?outcome=${outcome}` : ''}`;
