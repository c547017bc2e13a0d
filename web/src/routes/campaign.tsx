import '../styles/record.css';
import '../styles/campaign.css';
import { Button } from '@mantine/core';
import { IconPlus } from '@tabler/icons-react';
import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { useNavigate, useParams } from '@tanstack/react-router';
import { lazy, Suspense, useState } from 'react';
import { campaignQuery, placedQuery } from '../api/campaigns';
import { asProblem } from '../api/problem';
import type { Campaign } from '../api/schemas';
import { may, useSession } from '../api/session';
import { AssignForm } from '../features/campaigns/assign-form';
import { CampaignFacts } from '../features/campaigns/campaign-facts';
import { DeleteCampaign } from '../features/campaigns/delete-campaign';
import { Performance } from '../features/campaigns/performance';
import { PlacedTable } from '../features/campaigns/placed-table';
import { EmptyState } from '../ui/empty-state';
import { counted } from '../ui/figures';
import { LinkButton } from '../ui/link-button';
import { PageHead } from '../ui/page-head';
import { SkeletonRows } from '../ui/skeleton-rows';
import { toast } from '../ui/toast';

// Most visits read.
const CampaignForm = lazy(() =>
  import('../features/campaigns/campaign-form').then((m) => ({ default: m.CampaignForm })),
);

export function CampaignRoute() {
  const { id } = useParams({ from: '/workspace/campaigns/$id' });
  const { data, error } = useQuery(campaignQuery(id));
  if (data) return <Page campaign={data} key={id} />;
  const missing = error && asProblem(error).status === 404;
  return (
    <>
      <PageHead title="Campaign" />
      {error ? (
        <EmptyState
          kind="failed"
          title={missing ? 'There is no such campaign' : 'This campaign could not be loaded'}
          action={<LinkButton to="/campaigns">All campaigns</LinkButton>}
        >
          {missing ? 'It may have been deleted.' : asProblem(error).message}
        </EmptyState>
      ) : (
        <SkeletonRows />
      )}
    </>
  );
}

function Page({ campaign }: { campaign: Campaign }) {
  const session = useSession();
  const navigate = useNavigate();
  const manages = may(session, 'manage_campaigns');
  const [open, setOpen] = useState<'edit' | 'assign' | null>(null);
  const close = () => setOpen(null);
  return (
    <>
      <PageHead title={campaign.name} sub={counted(campaign.performance.contacts, 'contact', 'contacts')}>
        {manages && (
          <>
            <Button variant="default" onClick={() => setOpen('edit')}>
              Edit
            </Button>
            <Button leftSection={<IconPlus size={15} aria-hidden />} onClick={() => setOpen('assign')}>
              Add contacts
            </Button>
          </>
        )}
      </PageHead>
      <div className="record">
        <div className="main">
          <Performance performance={campaign.performance} />
          <Contacts campaign={campaign} manages={manages} onAdd={() => setOpen('assign')} />
        </div>
        <aside className="facts-side" aria-label="Facts">
          <h2>Facts</h2>
          <CampaignFacts campaign={campaign} />
          {manages && (
            <DeleteCampaign campaign={campaign} onDeleted={() => void navigate({ to: '/campaigns' })} />
          )}
        </aside>
      </div>
      {manages && (
        <>
          {open === 'edit' && (
            <Suspense fallback={null}>
              <CampaignForm
                campaign={campaign}
                onClose={close}
                onSaved={(saved) => {
                  toast({ title: `${saved.name} was saved` });
                  close();
                }}
              />
            </Suspense>
          )}
          <AssignForm campaign={campaign} opened={open === 'assign'} onClose={close} />
        </>
      )}
    </>
  );
}

type ContactsProps = { campaign: Campaign; manages: boolean; onAdd: () => void };

function Contacts({ campaign, manages, onAdd }: ContactsProps) {
  const query = useInfiniteQuery(placedQuery(campaign.id));
  const contacts = query.data?.pages.flatMap((p) => p.items) ?? [];
  return (
    <section aria-label="Contacts" className="placed-list">
      <h2>Contacts</h2>
      {query.isPending ? (
        <SkeletonRows rows={6} />
      ) : query.error && contacts.length === 0 ? (
        <EmptyState
          kind="failed"
          title="The contacts could not be loaded"
          action={<Button onClick={() => void query.refetch()}>Try again</Button>}
        >
          {asProblem(query.error).message}
        </EmptyState>
      ) : contacts.length === 0 ? (
        <EmptyState
          kind="first"
          title={manages ? 'Nobody is in this campaign yet' : 'None of your contacts is in this campaign'}
          action={manages && <Button onClick={onAdd}>Add contacts</Button>}
        >
          {manages && 'Paste a list of addresses, or choose people in the contact list.'}
        </EmptyState>
      ) : (
        <>
          <PlacedTable campaign={campaign} contacts={contacts} manages={manages} />
          {query.hasNextPage && (
            <div className="more">
              <Button
                variant="default"
                loading={query.isFetchingNextPage}
                onClick={() => void query.fetchNextPage()}
              >
                Show more contacts
              </Button>
            </div>
          )}
        </>
      )}
    </section>
  );
}
