import { infiniteQueryOptions, keepPreviousData } from '@tanstack/react-query';
import { body, http, queryClient } from './client';
import type { Activity, ActivityKind, ActivityPage, ActivityPatch, NewActivity } from './schemas';

export type ActivityFilter = {
  contact?: string;
  member?: string;
  campaign?: string;
  kind?: ActivityKind;
  done?: boolean;
};

const PAGE = 60;

/** The latest due first; what is still to come is at the top. */
export const feedQuery = (filter: ActivityFilter) =>
  infiniteQueryOptions({
    queryKey: ['activities', 'feed', filter],
    queryFn: ({ pageParam, signal }) =>
      body(
        http.GET('/api/activities/feed', {
          params: { query: { ...filter, limit: PAGE, cursor: pageParam } },
          signal,
        }),
      ),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last) => last.next_cursor ?? undefined,
    placeholderData: keepPreviousData,
  });

/** Sent again with the same key, it is still logged once. */
export const createActivity = (activity: NewActivity, key: string) =>
  body(http.POST('/api/activities', { params: { header: { 'Idempotency-Key': key } }, body: activity }));

export const readActivity = (id: string) =>
  body(http.GET('/api/activities/{id}', { params: { path: { id } } }));

export const updateActivity = (id: string, patch: ActivityPatch) =>
  body(http.PATCH('/api/activities/{id}', { params: { path: { id } }, body: patch }));

/** `keepalive`: the page may be closing. */
export const deleteActivity = (id: string) =>
  http.DELETE('/api/activities/{id}', { params: { path: { id } }, keepalive: true });

type Pages = { pages: ActivityPage[]; pageParams: unknown[] };

/** Changes what every list on screen shows, before or after the server has confirmed it. */
function mapLists(change: (items: Activity[]) => Activity[]) {
  queryClient.setQueriesData<Pages>({ queryKey: ['activities', 'feed'] }, (old) =>
    old ? { ...old, pages: old.pages.map((page) => ({ ...page, items: change(page.items) })) } : old,
  );
}

export const putActivity = (activity: Activity) =>
  mapLists((items) => items.map((a) => (a.id === activity.id ? activity : a)));

export const hideActivity = (id: string) => mapLists((items) => items.filter((a) => a.id !== id));

/** What a contact shows (last contacted, its deliveries) follows from its activities. */
export const refreshActivities = () =>
  Promise.all([
    queryClient.invalidateQueries({ queryKey: ['activities'] }),
    queryClient.invalidateQueries({ queryKey: ['due'] }),
    queryClient.invalidateQueries({ queryKey: ['contacts', 'one'] }),
    queryClient.invalidateQueries({ queryKey: ['contacts', 'suggested'] }),
    queryClient.invalidateQueries({ queryKey: ['campaigns'] }),
    queryClient.invalidateQueries({ queryKey: ['deliveries'] }),
  ]);
