import '../styles/timeline.css';
import '../styles/next.css';
import { Button } from '@mantine/core';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { may, useSession } from '../api/session';
import { ActivityFilters } from '../features/activities/activity-filters';
import { LogButton } from '../features/activities/log-button';
import { openLog } from '../features/activities/log-request';
import { Timeline } from '../features/activities/timeline';
import { type ActivitiesSearch, feedFilter } from '../features/activities/url';
import { CopyStates } from '../features/deliveries/copy-state';
import { NextList } from '../features/suggestions/next-list';
import { EmptyState } from '../ui/empty-state';
import { PageHead } from '../ui/page-head';
import { usePhone } from '../ui/use-phone';

export function ActivitiesRoute() {
  const session = useSession();
  const search = useSearch({ from: '/workspace/activities' });
  const navigate = useNavigate({ from: '/activities' });
  const logs = may(session, 'log_activities');
  const phone = usePhone();
  const filtered = Object.keys(search).length > 0;
  const change = (part: ActivitiesSearch) =>
    void navigate({ search: (old) => ({ ...old, ...part }), replace: true });
  return (
    <>
      <PageHead title="Activities" sub="What the team did, and what is next">
        <LogButton where="head" />
      </PageHead>
      {logs && <ActivityFilters search={search} onChange={change} />}
      <div className="with-next">
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
                    A call takes three taps. It sets when somebody was last contacted, and stands in your CRM
                    by itself.
                  </EmptyState>
                )
              }
            />
          )}
        </div>
        {logs && !phone && <Next />}
      </div>
      <LogButton where="thumb" />
    </>
  );
}

/** Beside what was done: whom to contact next. */
const Next = () => (
  <aside className="next-side" aria-label="Contact next">
    <h2>
      Contact next
      <Link to="/next">All</Link>
    </h2>
    <NextList
      narrow
      most={8}
      onLog={openLog}
      empty={
        <EmptyState kind="first" title="Nobody to contact yet">
          As soon as there are contacts, those who are warm and wait longest stand here.
        </EmptyState>
      }
    />
  </aside>
);
