import '../styles/timeline.css';
import { Button } from '@mantine/core';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { may, useSession } from '../api/session';
import { ActivityFilters } from '../features/activities/activity-filters';
import { LogButton } from '../features/activities/log-button';
import { openLog } from '../features/activities/log-request';
import { Timeline } from '../features/activities/timeline';
import { type ActivitiesSearch, feedFilter } from '../features/activities/url';
import { CopyStates } from '../features/deliveries/copy-state';
import { EmptyState } from '../ui/empty-state';
import { PageHead } from '../ui/page-head';

export function ActivitiesRoute() {
  const session = useSession();
  const search = useSearch({ from: '/workspace/activities' });
  const navigate = useNavigate({ from: '/activities' });
  const logs = may(session, 'log_activities');
  const filtered = Object.keys(search).length > 0;
  const change = (part: ActivitiesSearch) =>
    void navigate({ search: (old) => ({ ...old, ...part }), replace: true });
  return (
    <>
      <PageHead title="Activities" sub="What the team did, and what is next">
        <LogButton where="head" />
      </PageHead>
      {logs && <ActivityFilters search={search} onChange={change} />}
      <div className="body">
        {!logs ? (
          <EmptyState kind="no-permission" title="Your role does not log activities">
            Ask an owner or admin of your company to change your role.
          </EmptyState>
        ) : (
          <Timeline
            filter={feedFilter(search)}
            named
            crm={(activity) => <CopyStates activity={activity} />}
            empty={
              filtered ? (
                <EmptyState
                  kind="no-match"
                  title="No activity matches"
                  action={
                    <Button variant="default" onClick={() => void navigate({ search: {}, replace: true })}>
                      Clear filters
                    </Button>
                  }
                />
              ) : (
                <EmptyState
                  kind="first"
                  title="Nothing was logged yet"
                  action={<Button onClick={() => openLog(null)}>Log the first activity</Button>}
                >
                  A call takes three taps. It sets when somebody was last contacted, and stands in your CRM by
                  itself.
                </EmptyState>
              )
            }
          />
        )}
      </div>
      <LogButton where="thumb" />
    </>
  );
}
