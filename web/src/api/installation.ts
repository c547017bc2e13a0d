import { queryOptions } from '@tanstack/react-query';
import { body, http } from './client';
import type { OtherUser } from './schemas';

/** What waits in this browser since somebody installed Tandem from the other side. */
export const installationQuery = (id?: string) =>
  queryOptions({
    queryKey: ['installation', id ?? null],
    queryFn: () => body(http.GET('/api/installation', { params: { query: { id } } })),
    retry: false,
    // Another tab may upgrade the plan, or confirm it.
    staleTime: 0,
  });

export const confirmInstallation = (installation_id: string, member_id: string, other_user?: OtherUser) =>
  body(http.POST('/api/installation/confirm', { body: { installation_id, member_id, other_user } }));

export const declineInstallation = (id: string) =>
  http.DELETE('/api/installation', { params: { query: { id } } });
