import { Button } from '@mantine/core';
import { useInfiniteQuery } from '@tanstack/react-query';
import { useCallback, useEffect, useMemo, useState } from 'react';
import { queryClient } from '../../api/client';
import { remotePeopleQuery, statusQuery } from '../../api/integrations';
import { asProblem } from '../../api/problem';
import type { ProviderStatus } from '../../api/schemas';
import { EmptyState } from '../../ui/empty-state';
import { counted, duration } from '../../ui/figures';
import { SearchBox } from '../../ui/search-box';
import { NOBODY, type Selection } from '../../ui/selection';
import { SkeletonRows } from '../../ui/skeleton-rows';
import { MOST } from './most';
import { PeopleTable } from './people-table';
import { SelectBar } from './select-bar';

type Props = {
  provider: ProviderStatus;
  search: string;
  onSearch: (search: string) => void;
  selection: Selection;
  onSelection: (selection: Selection) => void;
  onEveryone: () => void;
};

export function PeopleList({ provider, search, onSearch, selection, onSelection, onEveryone }: Props) {
  const query = useInfiniteQuery(remotePeopleQuery(provider.provider, search));
  const { data, hasNextPage, fetchNextPage, isFetchingNextPage, isFetchNextPageError } = query;
  const [gathering, gather] = useState(false);
  const people = useMemo(() => data?.pages.flatMap((p) => p.items) ?? [], [data]);
  const spent = data?.pages.reduce((sum, p) => sum + (p.tokens_spent ?? 0), 0) ?? 0;
  const more = useCallback(() => void fetchNextPage(), [fetchNextPage]);

  // What a page cost shows in the budget of the connection.
  useEffect(() => {
    if (spent > 0) void queryClient.invalidateQueries({ queryKey: statusQuery.queryKey });
  }, [spent]);

  const takeAllMatching = async () => {
    gather(true);
    try {
      let pages = data?.pages ?? [];
      while (pages.at(-1)?.next_cursor && pages.flatMap((p) => p.items).length < MOST) {
        const next = await fetchNextPage();
        if (!next.data || next.isError) break;
        pages = next.data.pages;
      }
      onSelection(new Set(pages.flatMap((p) => p.items.map((i) => i.remote_id)).slice(0, MOST)));
    } finally {
      gather(false);
    }
  };

  return (
    <div className="list">
      <div className="bar">
        <SearchBox
          label={`Search people in ${provider.name}`}
          value={search}
          onSearch={onSearch}
          wait={350}
        />
        <span className="sp" />
        {spent > 0 && (
          <span className="note num opt">
            {counted(spent, provider.budget_unit, `${provider.budget_unit}s`)} spent on this list
          </span>
        )}
        <SelectBar
          selection={selection}
          list={people.map((p) => p.remote_id)}
          more={hasNextPage}
          searching={search !== ''}
          estimate={provider.connection?.forecast.persons ?? null}
          provider={provider.name}
          busy={gathering}
          onAllMatching={() => void takeAllMatching()}
          onEveryone={onEveryone}
          onClear={() => onSelection(NOBODY)}
        />
      </div>
      {query.isPending ? (
        <SkeletonRows rows={12} />
      ) : query.error && people.length === 0 ? (
        <ListProblem error={query.error} provider={provider.name} onRetry={() => void query.refetch()} />
      ) : people.length === 0 ? (
        search ? (
          <EmptyState
            kind="no-match"
            title="Nobody matches"
            action={
              <Button variant="default" onClick={() => onSearch('')}>
                Clear search
              </Button>
            }
          >
            Nobody in {provider.name} fits “{search}”.
          </EmptyState>
        ) : (
          <EmptyState kind="first" title={`There is nobody in ${provider.name} yet`}>
            People added there appear here.
          </EmptyState>
        )
      ) : (
        <PeopleTable
          people={people}
          provider={provider.name}
          more={hasNextPage}
          busy={isFetchingNextPage}
          failed={isFetchNextPageError ? query.error : null}
          selection={selection}
          onSelection={onSelection}
          onMore={more}
        />
      )}
    </div>
  );
}

function ListProblem({
  error,
  provider,
  onRetry,
}: {
  error: unknown;
  provider: string;
  onRetry: () => void;
}) {
  const problem = asProblem(error);
  return (
    <EmptyState
      kind="failed"
      title={`The people of ${provider} could not be read`}
      action={<Button onClick={onRetry}>Try again</Button>}
    >
      {problem.message} {problem.retryAfterS && `It can be tried again in ${duration(problem.retryAfterS)}. `}
      {problem.requestId && <span className="ref">Reference {problem.requestId}</span>}
    </EmptyState>
  );
}
