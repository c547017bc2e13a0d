import '../styles/next.css';
import { Button } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { campaignNames } from '../api/campaigns';
import { membersQuery } from '../api/contacts';
import { may, useSession } from '../api/session';
import { DueList } from '../features/activities/due-list';
import { openLog } from '../features/activities/log-request';
import { NextList } from '../features/suggestions/next-list';
import { EmptyState } from '../ui/empty-state';
import { FilterChip } from '../ui/filter-chip';
import { LinkButton } from '../ui/link-button';
import { PageHead } from '../ui/page-head';

export function NextRoute() {
  const session = useSession();
  const search = useSearch({ from: '/workspace/next' });
  const navigate = useNavigate({ from: '/next' });
  const { data: members } = useQuery(membersQuery);
  const { data: campaigns } = useQuery(campaignNames);
  const change = (part: typeof search) =>
    void navigate({ search: (old) => ({ ...old, ...part }), replace: true });
  const filtered = search.owner !== undefined || search.campaign !== undefined;
  const others = (members?.items ?? []).filter((m) => m.id !== session.member.id);
  return (
    <>
      <PageHead title="Contact next" sub="The warmest who wait longest" />
      <search className="bar">
        {may(session, 'see_all_contacts') && (
          <FilterChip
            label="Owner"
            value={search.owner}
            options={[
              { value: session.member.id, label: 'Me' },
              ...others.map((m) => ({ value: m.id, label: m.name })),
              { value: 'none', label: 'Nobody' },
            ]}
            onChange={(owner) => change({ owner })}
          />
        )}
        {((campaigns?.items.length ?? 0) > 0 || search.campaign) && (
          <FilterChip
            label="Campaign"
            value={search.campaign}
            options={(campaigns?.items ?? []).map((c) => ({ value: c.id, label: c.name }))}
            onChange={(campaign) => change({ campaign })}
          />
        )}
      </search>
      <div className="body">
        {!filtered && may(session, 'log_activities') && <DueList member={session.member.id} />}
        <NextList
          filter={search}
          onLog={openLog}
          empty={
            filtered ? (
              <EmptyState
                kind="no-match"
                title="Nobody is left here"
                action={
                  <Button variant="default" onClick={() => void navigate({ search: {}, replace: true })}>
                    Clear filters
                  </Button>
                }
              >
                Nobody fits the filters above, or you put all of them off.
              </EmptyState>
            ) : (
              <EmptyState
                kind="first"
                title="Nobody to contact yet"
                action={<LinkButton to="/contacts">Go to contacts</LinkButton>}
              >
                As soon as there are contacts, those who are warm and wait longest stand here.
              </EmptyState>
            )
          }
        />
      </div>
    </>
  );
}
