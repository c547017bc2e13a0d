import { queryOptions } from '@tanstack/react-query';
import { body, http, queryClient } from './client';
import type { NewSavedFilter } from './schemas';

export const savedFilters = queryOptions({
  queryKey: ['saved-filters'],
  queryFn: () => body(http.GET('/api/saved-filters')),
  staleTime: 5 * 60_000,
});

export const keepFilter = (filter: NewSavedFilter) => body(http.POST('/api/saved-filters', { body: filter }));

export const forgetFilter = (id: string) =>
  http.DELETE('/api/saved-filters/{id}', { params: { path: { id } } });

export const refreshFilters = () => queryClient.invalidateQueries({ queryKey: savedFilters.queryKey });
