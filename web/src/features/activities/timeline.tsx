import { Button } from '@mantine/core';
import { useInfiniteQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { type ActivityFilter, feedQuery } from '../../api/activities';
import { asProblem } from '../../api/problem';
import type { Activity } from '../../api/schemas';
import { dayTitle } from '../../ui/days';
import { EmptyState } from '../../ui/empty-state';
import { SkeletonRows } from '../../ui/skeleton-rows';
import { Entry } from './entry';
import { isLeaving } from './save';
import { timeline } from './timeline-groups';
import { UnsentEntries } from './unsent-entries';

type Props = {
  filter: ActivityFilter;
  /** Whom each entry is with; left out on the page of one person. */
  named?: boolean;
  crm: (activity: Activity) => ReactNode;
  empty: ReactNode;
};

/** Entries by day: what is ahead, nearest first, then today and the past. */
export function Timeline({ filter, named, crm, empty }: Props) {
  const query = useInfiniteQuery(feedQuery(filter));
  const items = (query.data?.pages.flatMap((p) => p.items) ?? []).filter((a) => !isLeaving(a.id));
  if (query.isPending) return <SkeletonRows rows={8} height={52} />;
  if (query.error && items.length === 0)
    return (
      <>
        <UnsentEntries contact={filter.contact} named={named} />
        <EmptyState
          kind="failed"
          title="The activities could not be loaded"
          action={<Button onClick={() => void query.refetch()}>Try again</Button>}
        >
          {asProblem(query.error).message}
        </EmptyState>
      </>
    );
  const { overdue, ahead, past } = timeline(items);
  // Below the heading of a page, or of a part of one.
  const Heading = named ? 'h2' : 'h3';
  const group = (title: string, of: Activity[], dated?: boolean) =>
    of.length > 0 && (
      <section key={title} className="day" aria-label={title}>
        <Heading>{title}</Heading>
        <ul>
          {of.map((a) => (
            <Entry key={a.id} activity={a} named={named} dated={dated} crm={crm(a)} />
          ))}
        </ul>
      </section>
    );
  return (
    <div className="timeline">
      <UnsentEntries contact={filter.contact} named={named} />
      {items.length === 0 && empty}
      {group('Overdue', overdue, true)}
      {group('Upcoming', ahead, true)}
      {past.map((g) => group(dayTitle(g.day), g.items))}
      {query.hasNextPage && (
        <div className="more">
          <Button
            variant="default"
            loading={query.isFetchingNextPage}
            onClick={() => void query.fetchNextPage()}
          >
            Show older activities
          </Button>
        </div>
      )}
    </div>
  );
}
