import '../styles/audit.css';
import { Button, Menu } from '@mantine/core';
import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { auditQuery, exportAddress } from '../api/audit';
import { membersQuery } from '../api/contacts';
import { asProblem } from '../api/problem';
import { may, useSession } from '../api/session';
import { EntryList } from '../features/audit/entry-list';
import { Verify } from '../features/audit/verify';
import { DAYS, since } from '../features/audit/when';
import { ACTIONS } from '../features/audit/words';
import { EmptyState } from '../ui/empty-state';
import { FilterChip } from '../ui/filter-chip';
import { PageHead } from '../ui/page-head';
import { SkeletonRows } from '../ui/skeleton-rows';
import { SettingsTabs } from './settings-tabs';

export function AuditRoute() {
  const session = useSession();
  const search = useSearch({ from: '/workspace/settings/audit' });
  const navigate = useNavigate({ from: '/settings/audit' });
  const allowed = may(session, 'read_audit');
  const filter = { ...search, from: since(search.from) };
  const query = useInfiniteQuery({ ...auditQuery(filter), enabled: allowed });
  const { data: members } = useQuery(membersQuery);
  const entries = query.data?.pages.flatMap((page) => page.items) ?? [];
  const narrow = (change: Partial<typeof search>) =>
    void navigate({ search: (old) => ({ ...old, ...change }), replace: true });
  if (!allowed)
    return (
      <>
        <PageHead title="Audit log" />
        <SettingsTabs />
        <EmptyState kind="no-permission" title="The audit log is for owners and admins">
          Ask one of them if you need to know what happened.
        </EmptyState>
      </>
    );
  return (
    <>
      <PageHead title="Audit log" sub="Who did what, chained so that nothing can be changed unseen">
        <Menu position="bottom-end" shadow="md">
          <Menu.Target>
            <Button variant="default">Export</Button>
          </Menu.Target>
          <Menu.Dropdown>
            <Menu.Item component="a" href={exportAddress(filter, 'csv')} download>
              CSV, for a spreadsheet
            </Menu.Item>
            <Menu.Item component="a" href={exportAddress(filter, 'ndjson')} download>
              NDJSON, for programs
            </Menu.Item>
          </Menu.Dropdown>
        </Menu>
      </PageHead>
      <SettingsTabs />
      <div className="bar">
        <FilterChip
          label="Who"
          value={search.member}
          options={(members?.items ?? []).map((m) => ({ value: m.id, label: m.name }))}
          onChange={(member) => narrow({ member })}
        />
        <FilterChip
          label="What"
          value={search.action}
          options={ACTIONS}
          onChange={(action) => narrow({ action })}
        />
        <FilterChip label="When" value={search.from} options={DAYS} onChange={(from) => narrow({ from })} />
        {search.subject && (
          <FilterChip
            label="About"
            value={search.subject}
            options={[{ value: search.subject, label: `…${search.subject.slice(-8)}` }]}
            onChange={(subject) => narrow({ subject })}
          />
        )}
      </div>
      <div className="body">
        <Verify />
        {query.isPending ? (
          <SkeletonRows rows={10} />
        ) : query.error && entries.length === 0 ? (
          <EmptyState
            kind="failed"
            title="The audit log could not be loaded"
            action={<Button onClick={() => void query.refetch()}>Try again</Button>}
          >
            {asProblem(query.error).message}
          </EmptyState>
        ) : entries.length === 0 ? (
          <EmptyState
            kind="no-match"
            title="Nothing matches"
            action={
              <Button variant="default" onClick={() => void navigate({ search: {}, replace: true })}>
                Clear filters
              </Button>
            }
          />
        ) : (
          <>
            <EntryList entries={entries} onSubject={(subject) => narrow({ subject })} />
            {query.hasNextPage && (
              <div className="more">
                <Button
                  variant="default"
                  loading={query.isFetchingNextPage}
                  onClick={() => void query.fetchNextPage()}
                >
                  Show older
                </Button>
              </div>
            )}
          </>
        )}
      </div>
    </>
  );
}
