import '../styles/campaign.css';
import { Button } from '@mantine/core';
import { IconPlus } from '@tabler/icons-react';
import { useInfiniteQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { lazy, Suspense } from 'react';
import { campaignsQuery } from '../api/campaigns';
import { asProblem } from '../api/problem';
import { may, useSession } from '../api/session';
import { CampaignList } from '../features/campaigns/campaign-list';
import { EmptyState } from '../ui/empty-state';
import { PageHead } from '../ui/page-head';
import { SkeletonRows } from '../ui/skeleton-rows';
import { toast } from '../ui/toast';

// Most visits read.
const CampaignForm = lazy(() =>
  import('../features/campaigns/campaign-form').then((m) => ({ default: m.CampaignForm })),
);

export function CampaignsRoute() {
  const session = useSession();
  const manages = may(session, 'manage_campaigns');
  const search = useSearch({ from: '/workspace/campaigns' });
  const navigate = useNavigate({ from: '/campaigns' });
  const query = useInfiniteQuery(campaignsQuery);
  const campaigns = query.data?.pages.flatMap((p) => p.items) ?? [];
  const asks = (add: string | undefined) => void navigate({ search: { add }, replace: !add });
  return (
    <>
      <PageHead title="Campaigns" sub="Whom the team reaches out to, and what comes of it">
        {manages && (
          <Button leftSection={<IconPlus size={15} aria-hidden />} onClick={() => asks('one')}>
            New campaign
          </Button>
        )}
      </PageHead>
      <div className="body">
        {query.isPending ? (
          <SkeletonRows rows={8} />
        ) : query.error && campaigns.length === 0 ? (
          <EmptyState
            kind="failed"
            title="Your campaigns could not be loaded"
            action={<Button onClick={() => void query.refetch()}>Try again</Button>}
          >
            {asProblem(query.error).message}
          </EmptyState>
        ) : campaigns.length === 0 ? (
          <EmptyState
            kind={manages ? 'first' : 'no-permission'}
            title="No campaigns yet"
            action={manages && <Button onClick={() => asks('one')}>Create the first campaign</Button>}
          >
            {manages
              ? 'A campaign gathers the contacts of one undertaking, says by what they are reached, and counts the meetings that come of it.'
              : 'Owners, admins and golden tickets create campaigns. Those that reach your contacts show here.'}
          </EmptyState>
        ) : (
          <>
            <CampaignList campaigns={campaigns} />
            {query.hasNextPage && (
              <div className="more">
                <Button
                  variant="default"
                  loading={query.isFetchingNextPage}
                  onClick={() => void query.fetchNextPage()}
                >
                  Show older campaigns
                </Button>
              </div>
            )}
          </>
        )}
      </div>
      {manages && search.add === 'one' && (
        <Suspense fallback={null}>
          <CampaignForm
            onClose={() => asks(undefined)}
            onSaved={(campaign) => {
              toast({ title: `${campaign.name} was created` });
              void navigate({ to: '/campaigns/$id', params: { id: campaign.id } });
            }}
          />
        </Suspense>
      )}
    </>
  );
}
