import { queryOptions } from '@tanstack/react-query';
import { body, http, queryClient } from './client';

/** Next steps of a member that are due, the latest first; more than these nobody works through at once. */
export const dueQuery = (member: string) =>
  queryOptions({
    queryKey: ['activities', 'due', member],
    queryFn: ({ signal }) =>
      body(
        http.GET('/api/activities/feed', {
          params: { query: { member, done: false, to: new Date().toISOString(), limit: 50 } },
          signal,
        }),
      ),
    refetchInterval: 300_000,
  });

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
