import { Button } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useEffect, useState } from 'react';
import { beginCheckout, billingQuery, changePlan, openPortal } from '../api/billing';
import { membersQuery } from '../api/contacts';
import { refreshConnections, statusQuery } from '../api/integrations';
import { asProblem } from '../api/problem';
import type { Plan } from '../api/schemas';
import { may, useSession } from '../api/session';
import { useSubmit } from '../api/use-submit';
import { ChoosePlan } from '../features/billing/choose-plan';
import { Confirming } from '../features/billing/confirming';
import { PlanTable } from '../features/billing/plan-table';
import { PaymentTrouble, Standing } from '../features/billing/standing';
import { Banner } from '../ui/banner';
import { EmptyState } from '../ui/empty-state';
import { FormProblem } from '../ui/form-problem';
import { LinkButton } from '../ui/link-button';
import { PageHead } from '../ui/page-head';
import { SkeletonRows } from '../ui/skeleton-rows';
import { toast } from '../ui/toast';

const WAITING_MS = 1_500;
const OPEN_MS = 15_000;

export function BillingRoute() {
  const { plan: asked, from, paid } = useSearch({ from: '/workspace/billing' });
  const session = useSession();
  const navigate = useNavigate();
  const client = useQueryClient();
  const { data, error, refetch } = useQuery({
    ...billingQuery,
    // Stripe tells the server, not the page.
    refetchInterval: ({ state }) =>
      state.data?.biller !== 'stripe' ? false : paid && state.data.plan !== asked ? WAITING_MS : OPEN_MS,
  });
  const { data: status } = useQuery(statusQuery);
  const { data: members } = useQuery(membersQuery);
  const { busy, problem, submit } = useSubmit();
  const [chosen, choose] = useState<string | null>(null);
  const changes = may(session, 'change_plan');
  const owners = (members?.items ?? []).filter((m) => m.role === 'owner').map((m) => m.name);
  const nameOf = (slug: string) => status?.providers.find((p) => p.provider === slug)?.name ?? slug;
  const wanted = data?.plans.find((p) => p.id === asked);
  const confirmed = Boolean(paid && wanted && data?.plan === wanted.id);

  /** The plan has changed: the rest of the app learns it, and whoever was interrupted goes on. */
  const arrive = async (plan: Plan) => {
    await refreshConnections();
    toast({ id: 'plan', title: `You are on the ${plan.name} plan now` });
    const allowed = (
      await client.ensureQueryData({ ...statusQuery, revalidateIfStale: false })
    ).providers.find((p) => p.provider === from)?.allowed;
    if (from === 'team') await navigate({ to: '/team' });
    else if (from && allowed) await navigate({ to: '/contacts/$provider', params: { provider: from } });
    else if (paid) await navigate({ to: '/billing', replace: true });
  };
  // biome-ignore lint/correctness/useExhaustiveDependencies: once, when it is confirmed
  useEffect(() => {
    if (confirmed && wanted) void arrive(wanted);
  }, [confirmed]);

  const take = (plan: Plan) => {
    choose(plan.id);
    void submit(async () => {
      if (data?.biller === 'stripe') return leaveFor(await beginCheckout(plan.id, from));
      client.setQueryData(billingQuery.queryKey, await changePlan(plan.id));
      await arrive(plan);
    });
  };
  const manage = () => {
    choose('portal');
    void submit(async () => leaveFor(await openPortal()));
  };
  const onManage = changes && data?.biller === 'stripe' ? manage : null;
  const managing = busy && chosen === 'portal';

  return (
    <>
      <PageHead title="Plan and billing" />
      {!data ? (
        error ? (
          <EmptyState
            kind="failed"
            title="The plans could not be loaded"
            action={<Button onClick={() => void refetch()}>Try again</Button>}
          >
            {asProblem(error).message}
          </EmptyState>
        ) : (
          <SkeletonRows rows={8} />
        )
      ) : (
        <div className="body">
          {data.test_mode && (
            <div className="shell-note">
              {data.test_biller ? (
                <Banner tone="note" label="Test biller" title="Test biller: no money moves">
                  This server is for trying things out. Plans change at once and cost nothing.
                </Banner>
              ) : (
                <Banner tone="note" label="Test mode" title="Test mode: no money moves">
                  Payments on this server go to Stripe’s test mode. Nothing is charged.
                </Banner>
              )}
            </div>
          )}
          {paid && wanted && !confirmed && data.biller === 'stripe' && (
            <Confirming
              plan={wanted.name}
              onLeave={() => void navigate({ to: '/billing', search: { plan: asked, from }, replace: true })}
            />
          )}
          <PaymentTrouble billing={data} busy={managing} onManage={onManage} />
          {data.paused_connections.length > 0 && (
            <div className="shell-note">
              <Banner
                tone="warn"
                label="Paused connections"
                title={`${data.paused_connections.map(nameOf).join(', ')} paused`}
                actions={
                  <LinkButton to="/integrations" variant="default" size="compact-sm">
                    Open integrations
                  </LinkButton>
                }
              >
                The plan lacks them. Nothing was deleted; after an upgrade one click resumes them.
              </Banner>
            </div>
          )}
          <Standing
            billing={data}
            busy={managing}
            onManage={onManage}
            note={
              !changes
                ? `Only ${owners.join(' or ') || 'the owner of your company'} can change the plan.`
                : data.biller
                  ? ''
                  : 'Payment is not set up on this server yet, so plans cannot be changed here.'
            }
          />
          {problem && (
            <section className="section" aria-label="What went wrong">
              <FormProblem
                key={`${chosen}-${problem.message}`}
                title="The plan was not changed"
                detail={problem.message}
              />
            </section>
          )}
          <PlanTable
            billing={data}
            asked={asked}
            action={(plan) =>
              changes &&
              data.biller && (
                <ChoosePlan
                  billing={data}
                  plan={plan}
                  asked={asked === plan.id}
                  busy={busy && chosen === plan.id}
                  onTake={() => take(plan)}
                />
              )
            }
          />
        </div>
      )}
    </>
  );
}

/** Money moves on Stripe's own pages. */
const leaveFor = (url: string) => window.location.assign(url);
