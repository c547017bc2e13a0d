import { keepPreviousData, queryOptions } from '@tanstack/react-query';
import { body, http, queryClient } from './client';
import type { Suggestion } from './schemas';

export type SuggestionFilter = { owner?: string; campaign?: string };

/** Most urgent first. A list to work through, not to page: more come as some are done. */
export const suggestedQuery = (filter: SuggestionFilter = {}, limit = 30) =>
  queryOptions({
    queryKey: ['contacts', 'suggested', filter, limit],
    queryFn: ({ signal }) =>
      body(http.GET('/api/contacts/suggested', { params: { query: { ...filter, limit } }, signal })),
    placeholderData: keepPreviousData,
  });

export const snoozeContact = (id: string, until: string | null) =>
  body(http.POST('/api/contacts/{id}/snooze', { params: { path: { id } }, body: { until } }));

/** Gone from every list on screen, before the server has confirmed it. */
export const hideSuggestion = (id: string) =>
  queryClient.setQueriesData<{ items: Suggestion[] }>({ queryKey: ['contacts', 'suggested'] }, (old) =>
    old ? { ...old, items: old.items.filter((s) => s.contact.id !== id) } : old,
  );

export const refreshSuggestions = () =>
  queryClient.invalidateQueries({ queryKey: ['contacts', 'suggested'] });
