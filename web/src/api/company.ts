import { queryOptions } from '@tanstack/react-query';
import { body, http, queryClient } from './client';

export const companyQuery = queryOptions({
  queryKey: ['company'],
  queryFn: () => body(http.GET('/api/company')),
  staleTime: 60_000,
});

export async function updateCompany(patch: { warm_threshold?: number; push_earlier?: boolean }) {
  queryClient.setQueryData(companyQuery.queryKey, await body(http.PATCH('/api/company', { body: patch })));
  await queryClient.invalidateQueries({ queryKey: ['integrations'] });
}
