import {
  type InfiniteData,
  infiniteQueryOptions,
  keepPreviousData,
  queryOptions,
} from '@tanstack/react-query';
import { body, http, queryClient } from './client';
import type {
  CampaignAssignment,
  CampaignContactPage,
  CampaignContactPatch,
  CampaignPatch,
  NewCampaign,
} from './schemas';

const PAGE = 50;

export const campaignsQuery = infiniteQueryOptions({
  queryKey: ['campaigns', 'list'],
  queryFn: ({ pageParam, signal }) =>
    body(http.GET('/api/campaigns', { params: { query: { limit: PAGE, cursor: pageParam } }, signal })),
  initialPageParam: undefined as string | undefined,
  getNextPageParam: (last) => last.next_cursor ?? undefined,
});

/** To choose one from: the newest, as many as one page holds. */
export const campaignNames = queryOptions({
  queryKey: ['campaigns', 'names'],
  queryFn: ({ signal }) => body(http.GET('/api/campaigns', { params: { query: { limit: 200 } }, signal })),
  staleTime: 60_000,
});

export const campaignQuery = (id: string) =>
  queryOptions({
    queryKey: ['campaigns', 'one', id],
    queryFn: () => body(http.GET('/api/campaigns/{id}', { params: { path: { id } } })),
  });

/** Whom it reaches out to, the last added first. */
export const placedQuery = (id: string) =>
  infiniteQueryOptions({
    queryKey: ['campaigns', 'contacts', id],
    queryFn: ({ pageParam, signal }) =>
      body(
        http.GET('/api/campaigns/{id}/contacts', {
          params: { path: { id }, query: { limit: PAGE, cursor: pageParam } },
          signal,
        }),
      ),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last) => last.next_cursor ?? undefined,
    placeholderData: keepPreviousData,
  });

export const createCampaign = (campaign: NewCampaign) =>
  body(http.POST('/api/campaigns', { body: campaign }));

export const updateCampaign = (id: string, patch: CampaignPatch) =>
  body(http.PATCH('/api/campaigns/{id}', { params: { path: { id } }, body: patch }));

export const deleteCampaign = (id: string) =>
  http.DELETE('/api/campaigns/{id}', { params: { path: { id } } });

export const assignContacts = (id: string, who: CampaignAssignment) =>
  body(http.POST('/api/campaigns/{id}/assign-contacts', { params: { path: { id } }, body: who }));

const placeOf = (id: string, contact_id: string) => ({ params: { path: { id, contact_id } } });

export const placeContact = (id: string, contact: string, patch: CampaignContactPatch) =>
  body(http.PATCH('/api/campaigns/{id}/contacts/{contact_id}', { ...placeOf(id, contact), body: patch }));

export const removeContact = (id: string, contact: string) =>
  http.DELETE('/api/campaigns/{id}/contacts/{contact_id}', placeOf(id, contact));

type Pages = InfiniteData<CampaignContactPage, string | undefined>;

/** Shows a change of somebody's place before the server has confirmed it; `null` takes them out. */
export function showPlaced(id: string, contact: string, patch: CampaignContactPatch | null) {
  const key = placedQuery(id).queryKey;
  void queryClient.cancelQueries({ queryKey: key });
  const before = queryClient.getQueryData<Pages>(key);
  queryClient.setQueryData<Pages>(
    key,
    (old) =>
      old && {
        ...old,
        pages: old.pages.map((page) => ({
          ...page,
          items: page.items.flatMap((c) => {
            if (c.contact_id !== contact) return [c];
            return patch ? [{ ...c, ...patch, note: patch.note ?? c.note }] : [];
          }),
        })),
      },
  );
  return () => void queryClient.setQueryData(key, before);
}

export const refreshCampaigns = () => queryClient.invalidateQueries({ queryKey: ['campaigns'] });
