import { infiniteQueryOptions, keepPreviousData, queryOptions } from '@tanstack/react-query';
import { body, http, queryClient } from './client';
import type { RunMode } from './schemas';

export const statusQuery = queryOptions({
  queryKey: ['integrations'],
  queryFn: () => body(http.GET('/api/integrations/status')),
  staleTime: 10_000,
  refetchInterval: 30_000,
});

/** What the company used of the account's budget, day by day. */
export const ledgerQuery = (provider: string) =>
  queryOptions({
    queryKey: ['integrations', provider, 'budget'],
    queryFn: () => body(http.GET('/api/integrations/{provider}/budget', { params: { path: { provider } } })),
    staleTime: 10_000,
  });

/** What an import will cost; asks our own server only, never the provider. */
export const forecastQuery = (provider: string, mode: RunMode, count?: number) =>
  queryOptions({
    queryKey: ['integrations', provider, 'forecast', mode, count ?? null],
    queryFn: ({ signal }) =>
      body(
        http.GET('/api/integrations/{provider}/sync/forecast', {
          params: { path: { provider }, query: { mode, count } },
          signal,
        }),
      ),
    placeholderData: keepPreviousData,
    staleTime: 10_000,
  });

/** A browser navigation, not a call: the server answers with a redirect to the provider. */
export const connectUrl = (provider: string, login?: string) =>
  `/api/integrations/${encodeURIComponent(provider)}/connect${login ? `?${new URLSearchParams({ login })}` : ''}`;

export const REMOTE_PAGE = 100;

export const remotePeopleQuery = (provider: string, search: string) =>
  infiniteQueryOptions({
    queryKey: ['remote', provider, search],
    queryFn: ({ pageParam, signal }) =>
      body(
        http.GET('/api/integrations/{provider}/contacts', {
          params: {
            path: { provider },
            query: { search: search || undefined, cursor: pageParam, limit: REMOTE_PAGE },
          },
          signal,
        }),
      ),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last) => last.next_cursor ?? undefined,
    placeholderData: keepPreviousData,
    // Each page costs the company some of its budget at the provider: never asked for just because a window got focus.
    staleTime: 5 * 60_000,
    refetchOnWindowFocus: false,
  });

export const startSync = (provider: string, mode: RunMode, ids?: string[]) =>
  body(
    http.POST('/api/integrations/{provider}/sync', {
      params: { path: { provider } },
      body: ids ? { mode, ids } : { mode },
    }),
  );

export const disconnect = (provider: string) =>
  body(http.POST('/api/integrations/{provider}/disconnect', { params: { path: { provider } } }));

export const resumeConnection = (provider: string) =>
  body(http.POST('/api/integrations/{provider}/resume', { params: { path: { provider } } }));

export const deleteData = (provider: string, confirm: string) =>
  body(
    http.POST('/api/integrations/{provider}/delete-data', {
      params: { path: { provider } },
      body: { confirm },
    }),
  );

/** The banner, the navigation and the cards all speak about connections. */
export const refreshConnections = () =>
  Promise.all([
    queryClient.invalidateQueries({ queryKey: statusQuery.queryKey }),
    queryClient.invalidateQueries({ queryKey: ['session'] }),
  ]);
