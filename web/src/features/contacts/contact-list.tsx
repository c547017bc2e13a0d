import { Button } from '@mantine/core';
import { useInfiniteQuery } from '@tanstack/react-query';
import { useVirtualizer } from '@tanstack/react-virtual';
import { type ReactNode, useEffect, useMemo, useRef } from 'react';
import { contactsQuery } from '../../api/contacts';
import { asProblem } from '../../api/problem';
import type { ProviderStatus } from '../../api/schemas';
import { EmptyState } from '../../ui/empty-state';
import { MoreFailed } from '../../ui/more-failed';
import { ScrollRegion } from '../../ui/scroll-region';
import type { Selection } from '../../ui/selection';
import { SkeletonRows } from '../../ui/skeleton-rows';
import { usePhone } from '../../ui/use-phone';
import { ContactCards } from './contact-cards';
import { ContactTable } from './contact-table';
import { type ContactsSearch, filterOf } from './url';

type Props = {
  search: ContactsSearch;
  providers: ProviderStatus[];
  empty: ReactNode;
  onSort: (sort: string | undefined) => void;
  onOpen: (id: string) => void;
  /** On a phone: a tap selects. */
  selecting: boolean;
  selection: Selection;
  onSelection: (next: Selection) => void;
};

/** Pages by cursor, at most sixty rows in the document however many were loaded. */
export function ContactList(all: Props) {
  const { search, providers, empty, onSort, onOpen, selecting, selection, onSelection } = all;
  const phone = usePhone();
  const query = useInfiniteQuery(contactsQuery(filterOf(search)));
  const { hasNextPage, isFetchingNextPage, isFetchNextPageError, fetchNextPage, data, error } = query;
  const contacts = useMemo(() => data?.pages.flatMap((p) => p.items) ?? [], [data]);
  const total = data?.pages[0]?.total ?? null;
  const box = useRef<HTMLElement>(null);
  const virtual = useVirtualizer({
    count: contacts.length + (hasNextPage && !isFetchNextPageError ? 1 : 0),
    getScrollElement: () => box.current,
    estimateSize: () => (phone ? 72 : 44),
    overscan: 10,
    getItemKey: (i) => contacts[i]?.id ?? 'more',
  });
  const items = virtual.getVirtualItems();
  const last = items.at(-1)?.index ?? 0;
  useEffect(() => {
    // One that failed is asked for again by somebody, not by itself and for ever.
    if (hasNextPage && !isFetchingNextPage && !isFetchNextPageError && last >= contacts.length - 20)
      void fetchNextPage();
  }, [last, contacts.length, hasNextPage, isFetchingNextPage, isFetchNextPageError, fetchNextPage]);

  if (query.isPending) return <SkeletonRows rows={14} height={phone ? 72 : 44} />;
  if (error && contacts.length === 0)
    return (
      <EmptyState
        kind="failed"
        title="Your contacts could not be loaded"
        action={<Button onClick={() => void query.refetch()}>Try again</Button>}
      >
        {asProblem(error).message}
      </EmptyState>
    );
  if (contacts.length === 0) return empty;

  const props = {
    contacts,
    items,
    providers,
    total,
    onOpen,
    top: items[0]?.start ?? 0,
    bottom: Math.max(0, virtual.getTotalSize() - (items.at(-1)?.end ?? 0)),
  };
  return (
    <ScrollRegion ref={box} label="Contact list">
      {phone ? (
        <ContactCards {...props} selecting={selecting} selection={selection} onSelection={onSelection} />
      ) : (
        <ContactTable
          {...props}
          sort={search.sort}
          onSort={onSort}
          selection={selection}
          onSelection={onSelection}
        />
      )}
      {isFetchNextPageError && <MoreFailed error={error} onRetry={() => void fetchNextPage()} />}
    </ScrollRegion>
  );
}
