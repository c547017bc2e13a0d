import { Button } from '@mantine/core';
import { useInfiniteQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { type ActivityFilter, feedQuery } from '../../api/activities';
import { asProblem } from '../../api/problem';
import type { Activity } from '../../api/schemas';
import { type DayGroup, dayOf, dayTitle } from '../../ui/days';
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
        <UnsentEntries contact={filter.contact} />
        <EmptyState
          kind="failed"
          title="The activities could not be loaded"
          action={<Button onClick={() => void query.refetch()}>Try again</Button>}
        >
          {asProblem(query.error).message}
        </EmptyState>
      </>
    );
  const { ahead, past } = timeline(items);
  const day = (group: DayGroup<Activity>) => (
    <section key={group.day} className="day" aria-label={dayTitle(group.day)}>
      <h3>{dayTitle(group.day)}</h3>
      <ul>
        {group.items.map((a) => (
          <Entry key={a.id} activity={a} named={named} crm={crm(a)} />
        ))}
      </ul>
    </section>
  );
  return (
    <div className="timeline">
      <UnsentEntries contact={filter.contact} />
      {items.length === 0 && empty}
      {ahead.map(day)}
      {ahead.length > 0 && past.length > 0 && past[0]?.day !== dayOf(new Date().toISOString()) && (
        <p className="now">
          <span>Now</span>
        </p>
      )}
      {past.map(day)}
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
