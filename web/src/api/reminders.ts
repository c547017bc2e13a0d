import { queryOptions } from '@tanstack/react-query';
import { dayOf, localDay } from '../ui/days';
import { body, http, queryClient } from './client';
import type { ActivityPage } from './schemas';

/** Whatever happens, the count in the navigation is asked for once a minute at most. */
const CALM_MS = 60_000;

/**
 * Next steps of a member that are due today or before, the latest first; more than these nobody works
 * through at once.
 */
export const dueQuery = (member: string) =>
  queryOptions({
    queryKey: ['due', member],
    queryFn: ({ signal }) =>
      body(
        http.GET('/api/activities/feed', {
          params: { query: { member, done: false, to: endOfToday().toISOString(), limit: 50 } },
          signal,
        }),
      ),
    select: dueToday,
    staleTime: CALM_MS,
    refetchInterval: 300_000,
  });

/** A date without a time is the same day everywhere: west of Greenwich tomorrow's has begun already. */
export function dueToday({ items, next_cursor }: ActivityPage, now = new Date()) {
  const today = localDay(now);
  return {
    items: items.filter((a) => dayOf(a.due_at, a.has_time) <= today),
    more: next_cursor != null,
  };
}

function endOfToday(now = new Date()): Date {
  return new Date(now.getFullYear(), now.getMonth(), now.getDate() + 1);
}

/** Something may have changed elsewhere. */
export const maybeRefreshDue = () =>
  queryClient.refetchQueries({ queryKey: ['due'], type: 'active', stale: true });

export const reminderMailQuery = queryOptions({
  queryKey: ['reminders'],
  queryFn: ({ signal }) => body(http.GET('/api/reminders', { signal })),
});

export async function wantReminderMail(mail: boolean) {
  queryClient.setQueryData(
    reminderMailQuery.queryKey,
    await body(http.PUT('/api/reminders', { body: { mail } })),
  );
}
