import { Button } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import { billingQuery, changePlan } from '../api/billing';
import { membersQuery } from '../api/contacts';
import { refreshConnections, statusQuery } from '../api/integrations';
import { asProblem } from '../api/problem';
import type { Plan } from '../api/schemas';
import { may, useSession } from '../api/session';
import { useSubmit } from '../api/use-submit';
import { verb } from '../features/billing/plan-rows';
import { PlanTable } from '../features/billing/plan-table';
import { Banner } from '../ui/banner';
import { EmptyState } from '../ui/empty-state';
import { counted } from '../ui/figures';
import { FormProblem } from '../ui/form-problem';
import { LinkButton } from '../ui/link-button';
import { PageHead } from '../ui/page-head';
import { SkeletonRows } from '../ui/skeleton-rows';
import { toast } from '../ui/toast';
import { usePhone } from '../ui/use-phone';

export function BillingRoute() {
  const { plan: asked, from } = useSearch({ from: '/workspace/billing' });
  const session = useSession();
  const navigate = useNavigate();
  const client = useQueryClient();
  const { data, error, refetch } = useQuery(billingQuery);
  const { data: status } = useQuery(statusQuery);
  const { data: members } = useQuery(membersQuery);
  const { busy, problem, submit } = useSubmit();
  const [chosen, choose] = useState<string | null>(null);
  const phone = usePhone();
  const changes = may(session, 'change_plan');
  const owners = (members?.items ?? []).filter((m) => m.role === 'owner').map((m) => m.name);
  const nameOf = (slug: string) => status?.providers.find((p) => p.provider === slug)?.name ?? slug;

  const take = (plan: Plan) => {
    choose(plan.id);
    void submit(async () => {
      client.setQueryData(billingQuery.queryKey, await changePlan(plan.id));
      await refreshConnections();
      toast({ id: 'plan', title: `You are on the ${plan.name} plan now` });
      // The way back to what was interrupted.
      const allowed = client
        .getQueryData(statusQuery.queryKey)
        ?.providers.find((p) => p.provider === from)?.allowed;
      if (from && allowed) await navigate({ to: '/contacts/$provider', params: { provider: from } });
    });
  };

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
          {data.test_biller && (
            <div className="shell-note">
              <Banner tone="note" label="Test biller" title="Test biller: no money moves">
                This server is for trying things out. Plans change at once and cost nothing.
              </Banner>
            </div>
          )}
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
          <section className="section" aria-label="Usage">
            <p className="num">
              In use: {counted(data.usage.contacts, 'contact', 'contacts')} and{' '}
              {counted(data.usage.seats, 'seat', 'seats')}.
              {!changes && ` Only ${owners.join(' or ') || 'the owner of your company'} can change the plan.`}
              {changes &&
                !data.test_biller &&
                ' Payment is not set up on this server yet, so plans cannot be changed here.'}
            </p>
            {problem && (
              <FormProblem
                key={`${chosen}-${problem.message}`}
                title="The plan was not changed"
                detail={problem.message}
              />
            )}
          </section>
          <PlanTable
            billing={data}
            asked={asked}
            action={(plan) =>
              changes &&
              data.test_biller && (
                <Button
                  variant={asked === plan.id ? 'filled' : 'default'}
                  loading={busy && chosen === plan.id}
                  disabled={busy && chosen !== plan.id}
                  aria-label={`${verb(data, plan)} to ${plan.name}`}
                  onClick={() => take(plan)}
                >
                  {phone ? `${verb(data, plan)} to ${plan.name}` : verb(data, plan)}
                </Button>
              )
            }
          />
        </div>
      )}
    </>
  );
}
