import { infiniteQueryOptions, keepPreviousData, queryOptions } from '@tanstack/react-query';
import { body, http, queryClient } from './client';
import type { Cause, DeliveryKind, DeliveryState } from './schemas';

export type DeliveryFilter = {
  provider?: string;
  /** One of these; they are listed one state after the other. */
  states?: DeliveryState[];
  cause?: Cause;
  kind?: DeliveryKind;
  contact?: string;
};

type Place = { at: number; cursor?: string };

export const deliveriesQuery = ({ states, ...filter }: DeliveryFilter) =>
  infiniteQueryOptions({
    queryKey: ['deliveries', 'list', filter, states ?? []],
    queryFn: ({ pageParam: { at, cursor }, signal }) =>
      body(
        http.GET('/api/deliveries', {
          params: { query: { ...filter, state: states?.[at], limit: 50, cursor } },
          signal,
        }),
      ),
    initialPageParam: { at: 0 } as Place,
    getNextPageParam: (last, _, { at }): Place | undefined => {
      if (last.next_cursor) return { at, cursor: last.next_cursor };
      return at + 1 < (states?.length ?? 1) ? { at: at + 1 } : undefined;
    },
    placeholderData: keepPreviousData,
  });

/** The newest of one contact; enough for its page. */
export const deliveriesOf = (contact: string) =>
  queryOptions({
    queryKey: ['deliveries', 'of', contact],
    queryFn: ({ signal }) =>
      body(http.GET('/api/deliveries', { params: { query: { contact, limit: 50 } }, signal })),
  });

export const deliveryQuery = (id: string) =>
  queryOptions({
    queryKey: ['deliveries', 'one', id],
    queryFn: () => body(http.GET('/api/deliveries/{id}', { params: { path: { id } } })),
  });

export const refreshDeliveries = () =>
  Promise.all([
    queryClient.invalidateQueries({ queryKey: ['deliveries'] }),
    queryClient.invalidateQueries({ queryKey: ['integrations'] }),
  ]);

export const retryDelivery = (id: string) =>
  body(http.POST('/api/deliveries/{id}/retry', { params: { path: { id } } }));

/** `null`: none of the candidates, make a new person. */
export const chooseFor = (id: string, remote_id: string | null) =>
  body(
    http.POST('/api/deliveries/{id}/choose', {
      params: { path: { id } },
      body: remote_id === null ? { create: true } : { remote_id },
    }),
  );

/** Those of a state or cause; all that ended without success when neither is said. */
export const retryMany = (provider: string, filter: { state?: DeliveryState; cause?: Cause }) =>
  body(
    http.POST('/api/integrations/{provider}/retry', {
      params: { path: { provider } },
      body: filter.state || filter.cause ? filter : { all: true },
    }),
  );

/** How many contacts a CRM should have and does not. */
export const qualifyingQuery = (provider: string) =>
  queryOptions({
    queryKey: ['integrations', provider, 'push'],
    queryFn: () => body(http.GET('/api/integrations/{provider}/push', { params: { path: { provider } } })),
    staleTime: 10_000,
  });

/** Without contacts: all that qualify. */
export const pushContacts = (provider: string, contact_ids?: string[]) =>
  body(
    http.POST('/api/integrations/{provider}/push', {
      params: { path: { provider } },
      body: contact_ids ? { contact_ids } : {},
    }),
  );
