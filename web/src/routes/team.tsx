import { Button } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import '../styles/people.css';
import { membersQuery } from '../api/contacts';
import { statusQuery } from '../api/integrations';
import { asProblem } from '../api/problem';
import { may, useSession } from '../api/session';
import { crmUsersQuery, invitationsQuery } from '../api/team';
import { CrmPeople } from '../features/team/crm-people';
import { InvitationList } from '../features/team/invitation-list';
import { InviteButton } from '../features/team/invite-button';
import { MemberList } from '../features/team/member-list';
import { seats } from '../features/team/seats';
import { Banner } from '../ui/banner';
import { EmptyState } from '../ui/empty-state';
import { LinkButton } from '../ui/link-button';
import { PageHead } from '../ui/page-head';
import { SkeletonRows } from '../ui/skeleton-rows';

export function TeamRoute() {
  const session = useSession();
  const manages = may(session, 'manage_team');
  const members = useQuery(membersQuery);
  const { data: invited } = useQuery({ ...invitationsQuery, enabled: manages });
  const { data: crms } = useQuery({ ...crmUsersQuery, enabled: manages });
  const { data: status } = useQuery(statusQuery);
  const colors = Object.fromEntries((status?.providers ?? []).map((p) => [p.provider, p.color]));
  const all = members.data?.items ?? [];
  const open = (invited?.items ?? []).filter((i) => !i.expired).length;
  const { words, full } = seats(session.limits, all.length, open);
  const crmList = crms?.items ?? [];
  return (
    <>
      <PageHead title="Team" sub={members.data && words}>
        {manages && !full && <InviteButton />}
      </PageHead>
      <div className="body">
        {manages && full && (
          <div className="seats">
            <Banner
              tone="note"
              label="Seats"
              title={
                session.limits.seats === 1
                  ? 'Your plan is for one person'
                  : 'Every seat of your plan is taken'
              }
              actions={
                may(session, 'change_plan') && (
                  <LinkButton to="/billing" search={{ from: 'team' }}>
                    Compare plans
                  </LinkButton>
                )
              }
            >
              {may(session, 'change_plan')
                ? 'A larger plan has room for more colleagues.'
                : 'An owner of your company can choose a larger plan.'}
            </Banner>
          </div>
        )}
        {members.isPending ? (
          <SkeletonRows rows={5} />
        ) : members.error ? (
          <EmptyState
            kind="failed"
            title="The team could not be loaded"
            action={<Button onClick={() => void members.refetch()}>Try again</Button>}
          >
            {asProblem(members.error).message}
          </EmptyState>
        ) : (
          <>
            <MemberList members={all} crms={crmList} colors={colors} />
            <InvitationList invitations={invited?.items ?? []} />
            {crmList.map((crm) => (
              <CrmPeople key={crm.provider} crm={crm} color={colors[crm.provider]} full={full} />
            ))}
          </>
        )}
      </div>
    </>
  );
}
