import { infiniteQueryOptions, keepPreviousData, queryOptions } from '@tanstack/react-query';
import { body, http, queryClient } from './client';
import type { Contact, ContactPage, ContactPatch, ContactsChange, NewContact } from './schemas';

export type ContactFilter = {
  search?: string;
  owner?: string;
  source?: string;
  tag?: string;
  provider?: string;
  campaign?: string;
  sort?: string;
};

export const PAGE = 100;

export const contactsQuery = (filter: ContactFilter) =>
  infiniteQueryOptions({
    queryKey: ['contacts', 'list', filter],
    queryFn: async ({ pageParam, signal }) => {
      const page = await body(
        http.GET('/api/contacts', {
          params: { query: { ...filter, limit: PAGE, cursor: pageParam } },
          signal,
        }),
      );
      return { ...page, items: page.items.filter((c) => !leaving.has(c.id)).map(asShown) };
    },
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last) => last.next_cursor ?? undefined,
    placeholderData: keepPreviousData,
  });

export const contactQuery = (id: string) =>
  queryOptions({
    queryKey: ['contacts', 'one', id],
    queryFn: async () => asShown(await body(http.GET('/api/contacts/{id}', { params: { path: { id } } }))),
  });

export const findContacts = (search: string) =>
  queryOptions({
    queryKey: ['contacts', 'find', search],
    queryFn: ({ signal }) =>
      body(http.GET('/api/contacts', { params: { query: { search, limit: 6 } }, signal })),
    enabled: search.trim().length > 1,
    placeholderData: keepPreviousData,
  });

/** Those somebody worked with last. */
export const recentContacts = queryOptions({
  queryKey: ['contacts', 'recent'],
  queryFn: ({ signal }) =>
    body(http.GET('/api/contacts', { params: { query: { sort: '-updated', limit: 5 } }, signal })),
});

export const membersQuery = queryOptions({
  queryKey: ['members'],
  queryFn: () => body(http.GET('/api/team/members')),
  staleTime: 5 * 60_000,
});

export const createContact = (contact: NewContact) => body(http.POST('/api/contacts', { body: contact }));

export const updateContact = (id: string, patch: ContactPatch) =>
  body(http.PATCH('/api/contacts/{id}', { params: { path: { id } }, body: patch }));

export const deleteContact = (id: string) => http.DELETE('/api/contacts/{id}', { params: { path: { id } } });

// Contacts whose edit is not confirmed yet: what is read meanwhile must not turn it back on screen.
const unsettled = new Map<string, Contact>();
const asShown = (contact: Contact) => unsettled.get(contact.id) ?? contact;

export const holdContact = (contact: Contact) => void unsettled.set(contact.id, contact);
export const releaseContact = (id: string) => void unsettled.delete(id);

/** Tags in use, the most used first. */
export const tagsQuery = queryOptions({
  queryKey: ['contacts', 'tags'],
  queryFn: () => body(http.GET('/api/contacts/tags')),
  staleTime: 60_000,
});

/** `keepalive`: the page may be closing. */
export const changeContacts = (change: ContactsChange, keepalive = false) =>
  body(http.POST('/api/contacts/bulk', { body: change, keepalive }));

// Contacts whose deletion can still be taken back: what is read meanwhile must not show them again.
const leaving = new Set<string>();

export function hideContacts(ids: readonly string[]) {
  for (const id of ids) leaving.add(id);
  queryClient.setQueriesData<Pages>({ queryKey: ['contacts', 'list'] }, (old) =>
    old
      ? { ...old, pages: old.pages.map((p) => ({ ...p, items: p.items.filter((c) => !leaving.has(c.id)) })) }
      : old,
  );
}

export const unhideContacts = (ids: readonly string[]) => {
  for (const id of ids) leaving.delete(id);
};

type Pages = { pages: ContactPage[]; pageParams: unknown[] };

/** Shows a contact everywhere it is on screen, before or after the server has confirmed it. */
export function putContact(contact: Contact) {
  queryClient.setQueryData(contactQuery(contact.id).queryKey, contact);
  queryClient.setQueriesData<Pages>({ queryKey: ['contacts', 'list'] }, (old) =>
    old
      ? {
          ...old,
          pages: old.pages.map((page) => ({
            ...page,
            items: page.items.map((c) => (c.id === contact.id ? contact : c)),
          })),
        }
      : old,
  );
}

export const refreshContacts = () => queryClient.invalidateQueries({ queryKey: ['contacts'] });
