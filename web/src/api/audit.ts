import { infiniteQueryOptions, keepPreviousData } from '@tanstack/react-query';
import { body, http } from './client';

export type AuditFilter = { member?: string; action?: string; subject?: string; from?: string; to?: string };

export const auditQuery = (filter: AuditFilter) =>
  infiniteQueryOptions({
    queryKey: ['audit', filter],
    queryFn: ({ pageParam, signal }) =>
      body(
        http.GET('/api/audit-log', {
          params: { query: { ...filter, limit: 50, cursor: pageParam } },
          signal,
        }),
      ),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last) => last.next_cursor ?? undefined,
    placeholderData: keepPreviousData,
  });

export const verifyAudit = () => body(http.GET('/api/audit-log/verify'));

/** The address of the file: the browser fetches it by itself, however long it is. */
export function exportAddress(filter: AuditFilter, format: 'csv' | 'ndjson'): string {
  const given = Object.entries(filter).filter(([, value]) => value !== undefined) as [string, string][];
  return `/api/audit-log/export?${new URLSearchParams([...given, ['format', format]])}`;
}
