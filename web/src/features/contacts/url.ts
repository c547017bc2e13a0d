import type { ContactFilter } from '../../api/contacts';
import { type Search, text } from '../../ui/url';

export const SORTS = ['name', 'created', 'updated', 'warmness'] as const;
export type SortKey = (typeof SORTS)[number];
export const DEFAULT_SORT = '-created';

export type ContactsSearch = ContactFilter & {
  /** The contact in the drawer. */
  contact?: string;
  /** "one" opens the form for one person. */
  add?: string;
  /** The plan that would allow what was asked for, and the provider it was asked for. */
  upgrade?: string;
  from?: string;
};

const sortOf = (value: unknown): string | undefined => {
  const sort = text(value);
  return sort && sort !== DEFAULT_SORT && SORTS.some((s) => sort === s || sort === `-${s}`)
    ? sort
    : undefined;
};

/** Absent keys stay absent, so that an unfiltered list has the plain address. */
export function contactsSearch(search: Search): ContactsSearch {
  const known: ContactsSearch = {
    search: text(search.search),
    owner: text(search.owner),
    source: text(search.source),
    tag: text(search.tag),
    provider: text(search.provider),
    campaign: text(search.campaign),
    sort: sortOf(search.sort),
    contact: text(search.contact),
    add: text(search.add),
    upgrade: text(search.upgrade),
    from: text(search.from),
  };
  return Object.fromEntries(Object.entries(known).filter(([, v]) => v !== undefined));
}

export function filterOf(search: ContactsSearch): ContactFilter {
  return { ...conditionsOf(search), sort: search.sort };
}

/** The filter without an order. */
export function conditionsOf({ search, owner, source, tag, provider, campaign }: ContactsSearch) {
  return { search, owner, source, tag, provider, campaign };
}

/** An address without any condition. */
export const NO_CONDITIONS = conditionsOf({});

export const isFiltered = (search: ContactsSearch) =>
  Object.values(conditionsOf(search)).some((v) => v !== undefined);

/** A column head: first click sorts the natural way, the second the other way round. */
export function nextSort(current: string | undefined, key: SortKey): string | undefined {
  const now = current ?? DEFAULT_SORT;
  const first = key === 'name' ? key : `-${key}`;
  const second = key === 'name' ? `-${key}` : key;
  const next = now === first ? second : first;
  return next === DEFAULT_SORT ? undefined : next;
}

export function ariaSort(current: string | undefined, key: SortKey): 'ascending' | 'descending' | 'none' {
  const now = current ?? DEFAULT_SORT;
  if (now === key) return 'ascending';
  return now === `-${key}` ? 'descending' : 'none';
}
