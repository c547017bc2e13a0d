import { Button } from '@mantine/core';
import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { statusQuery } from '../api/integrations';
import { asProblem } from '../api/problem';
import { runsQuery } from '../api/runs';
import { RunTable } from '../features/runs/run-table';
import { STATE, stateOf } from '../features/runs/words';
import { EmptyState } from '../ui/empty-state';
import { FilterChip } from '../ui/filter-chip';
import { LinkButton } from '../ui/link-button';
import { PageHead } from '../ui/page-head';
import { SkeletonRows } from '../ui/skeleton-rows';
import { LogTabs } from './log-tabs';

const STATES = Object.entries(STATE).map(([value, { word }]) => ({ value, label: word }));

export function RunsRoute() {
  const search = useSearch({ from: '/workspace/sync-logs' });
  const filter = { provider: search.provider, state: stateOf(search.state) };
  const navigate = useNavigate({ from: '/sync-logs' });
  const query = useInfiniteQuery(runsQuery(filter));
  const { data: status } = useQuery(statusQuery);
  const providers = status?.providers ?? [];
  const runs = query.data?.pages.flatMap((p) => p.items) ?? [];
  const filtered = filter.provider !== undefined || filter.state !== undefined;
  return (
    <>
      <PageHead title="Sync log" sub="Every import, and what it did to each record" />
      <LogTabs />
      <div className="bar">
        <FilterChip
          label="From"
          value={filter.provider}
          options={[
            ...providers.map((p) => ({ value: p.provider, label: p.name })),
            { value: 'csv', label: 'A CSV file' },
          ]}
          onChange={(provider) => void navigate({ search: (old) => ({ ...old, provider }), replace: true })}
        />
        <FilterChip
          label="State"
          value={filter.state}
          options={STATES}
          onChange={(state) => void navigate({ search: (old) => ({ ...old, state }), replace: true })}
        />
      </div>
      <div className="body">
        {query.isPending ? (
          <SkeletonRows rows={10} />
        ) : query.error && runs.length === 0 ? (
          <EmptyState
            kind="failed"
            title="The sync log could not be loaded"
            action={<Button onClick={() => void query.refetch()}>Try again</Button>}
          >
            {asProblem(query.error).message}
          </EmptyState>
        ) : runs.length === 0 && filtered ? (
          <EmptyState
            kind="no-match"
            title="No run matches"
            action={
              <Button variant="default" onClick={() => void navigate({ search: {}, replace: true })}>
                Clear filters
              </Button>
            }
          />
        ) : runs.length === 0 ? (
          <EmptyState
            kind="first"
            title="Nothing was imported yet"
            action={<LinkButton to="/integrations">See integrations</LinkButton>}
          >
            Each import leaves a run here that says what was created, updated, linked or left out.
          </EmptyState>
        ) : (
          <>
            <RunTable runs={runs} colors={Object.fromEntries(providers.map((p) => [p.provider, p.color]))} />
            {query.hasNextPage && (
              <div className="more">
                <Button
                  variant="default"
                  loading={query.isFetchingNextPage}
                  onClick={() => void query.fetchNextPage()}
                >
                  Show older runs
                </Button>
              </div>
            )}
          </>
        )}
      </div>
    </>
  );
}
