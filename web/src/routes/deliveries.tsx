import '../styles/deliveries.css';
import { Button } from '@mantine/core';
import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { contactQuery } from '../api/contacts';
import { deliveriesQuery } from '../api/deliveries';
import { statusQuery } from '../api/integrations';
import { asProblem } from '../api/problem';
import { may, useSession } from '../api/session';
import { DeliveryCounts } from '../features/deliveries/delivery-counts';
import { DeliveryFilters } from '../features/deliveries/delivery-filters';
import { DeliveryList } from '../features/deliveries/delivery-list';
import { RetryMany } from '../features/deliveries/retry-many';
import { filterOf, isFiltered } from '../features/deliveries/url';
import { EmptyState } from '../ui/empty-state';
import { LinkButton } from '../ui/link-button';
import { PageHead } from '../ui/page-head';
import { SkeletonRows } from '../ui/skeleton-rows';
import { LogTabs } from './log-tabs';

export function DeliveriesRoute() {
  const session = useSession();
  const navigate = useNavigate({ from: '/sync-logs/deliveries' });
  const search = useSearch({ from: '/workspace/sync-logs/deliveries' });
  const filter = filterOf(search);
  const sees = may(session, 'work_contacts');
  const query = useInfiniteQuery({ ...deliveriesQuery(filter), enabled: sees });
  const { data: status } = useQuery(statusQuery);
  const { data: contact } = useQuery({
    ...contactQuery(filter.contact ?? ''),
    enabled: Boolean(filter.contact),
  });
  const providers = status?.providers ?? [];
  const counts = query.data?.pages[0]?.counts;
  const deliveries = query.data?.pages.flatMap((p) => p.items) ?? [];
  const connected = providers.filter((p) => p.connection && p.connection.state !== 'disconnected');
  if (!sees)
    return (
      <>
        <PageHead title="Sync log" />
        <LogTabs />
        <EmptyState kind="no-permission" title="Your role does not see deliveries">
          Ask an owner or admin of your company to change your role.
        </EmptyState>
      </>
    );
  return (
    <>
      <PageHead title="Sync log" sub="What goes to your CRM, and what became of it" />
      <LogTabs />
      <DeliveryCounts counts={counts} filter={filter} />
      <DeliveryFilters
        filter={filter}
        state={search.state}
        counts={counts}
        providers={providers}
        contactName={contact?.full_name}
        onChange={(part) => void navigate({ search: (old) => ({ ...old, ...part }), replace: true })}
      />
      <div className="body">
        {query.isPending ? (
          <SkeletonRows rows={10} height={56} />
        ) : query.error && deliveries.length === 0 ? (
          <EmptyState
            kind="failed"
            title="The deliveries could not be loaded"
            action={<Button onClick={() => void query.refetch()}>Try again</Button>}
          >
            {asProblem(query.error).message}
          </EmptyState>
        ) : deliveries.length === 0 && isFiltered(filter) ? (
          <EmptyState
            kind="no-match"
            title="No delivery matches"
            action={
              <Button variant="default" onClick={() => void navigate({ search: {}, replace: true })}>
                Clear filters
              </Button>
            }
          />
        ) : deliveries.length === 0 ? (
          <EmptyState
            kind="first"
            title="Nothing was sent to a CRM yet"
            action={
              connected.length > 0 ? (
                <LinkButton to="/contacts" search={{ sort: '-warmness' }}>
                  See your warmest contacts
                </LinkButton>
              ) : (
                <LinkButton to="/integrations">Connect a CRM</LinkButton>
              )
            }
          >
            A contact that turns warm, and what you log on it, goes to your CRM by itself. Each leaves a line
            here.
          </EmptyState>
        ) : (
          <>
            <div className="policy">
              <p className="hint">
                Tried for 72 hours: three times within 15 seconds, then every half minute to hour. What a CRM
                refuses waits for you. Trying again never makes a second record.
              </p>
              <RetryMany filter={filter} counts={counts} providers={connected.map((p) => p.provider)} />
            </div>
            <DeliveryList
              deliveries={deliveries}
              colors={Object.fromEntries(providers.map((p) => [p.provider, p.color]))}
            />
            {query.hasNextPage && (
              <div className="more">
                <Button
                  variant="default"
                  loading={query.isFetchingNextPage}
                  onClick={() => void query.fetchNextPage()}
                >
                  Show older deliveries
                </Button>
              </div>
            )}
          </>
        )}
      </div>
    </>
  );
}
