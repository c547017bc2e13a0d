import { keepPreviousData, queryOptions } from '@tanstack/react-query';
import { body, http } from './client';
import type { ActivityKind } from './schemas';

/** Days are UTC's, both counted in. */
export type ReportFilter = {
  from: string;
  to: string;
  campaign?: string;
  member?: string;
  method?: ActivityKind;
};

const kept = { placeholderData: keepPreviousData, staleTime: 30_000 };

export const meetingsReport = ({ method: _, ...query }: ReportFilter) =>
  queryOptions({
    queryKey: ['reports', 'meetings', query],
    queryFn: ({ signal }) => body(http.GET('/api/reports/meetings', { params: { query }, signal })),
    ...kept,
  });

export const methodsReport = (query: ReportFilter) =>
  queryOptions({
    queryKey: ['reports', 'methods', query],
    queryFn: ({ signal }) => body(http.GET('/api/reports/methods', { params: { query }, signal })),
    ...kept,
  });

export const membersReport = (query: ReportFilter) =>
  queryOptions({
    queryKey: ['reports', 'members', query],
    queryFn: ({ signal }) => body(http.GET('/api/reports/members', { params: { query }, signal })),
    ...kept,
  });

export const campaignsReport = ({ campaign }: ReportFilter) =>
  queryOptions({
    queryKey: ['reports', 'campaigns', campaign],
    queryFn: ({ signal }) =>
      body(http.GET('/api/reports/campaigns', { params: { query: { campaign } }, signal })),
    ...kept,
  });

export const warmnessReport = ({ from, to, member }: ReportFilter) =>
  queryOptions({
    queryKey: ['reports', 'warmness', from, to, member],
    queryFn: ({ signal }) =>
      body(http.GET('/api/reports/warmness', { params: { query: { from, to, member } }, signal })),
    ...kept,
  });

export const syncReport = ({ from, to, member }: ReportFilter) =>
  queryOptions({
    queryKey: ['reports', 'sync', from, to, member],
    queryFn: ({ signal }) =>
      body(http.GET('/api/reports/sync', { params: { query: { from, to, member } }, signal })),
    ...kept,
  });

export type ReportName = 'meetings' | 'methods' | 'members' | 'campaigns' | 'warmness' | 'sync';

/** Where the browser loads the same numbers from as a file. */
export const csvHref = (report: ReportName, filter: ReportFilter) => {
  const query = new URLSearchParams({ report });
  for (const [name, value] of Object.entries(filter)) if (value) query.set(name, value);
  return `/api/reports/export?${query}`;
};
