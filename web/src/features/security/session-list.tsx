import { Button } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import type { OpenSession } from '../../api/schemas';
import { refreshSecurity, revokeOtherSessions, revokeSession, sessionsQuery } from '../../api/security';
import { useSubmit } from '../../api/use-submit';
import { counted } from '../../ui/figures';
import { FormProblem } from '../../ui/form-problem';
import { Moment } from '../../ui/moment';
import { toast } from '../../ui/toast';

export function SessionList() {
  const { data } = useQuery(sessionsQuery);
  const { busy, problem, submit } = useSubmit();
  const items = data?.items ?? [];
  const end = (session: OpenSession) =>
    void submit(async () => {
      await revokeSession(session.id);
      toast({ title: `${session.agent ?? 'That session'} is signed out` });
      await refreshSecurity();
    });
  const endOthers = () =>
    void submit(async () => {
      const { ended } = await revokeOtherSessions();
      toast({ title: `${counted(ended, 'other session', 'other sessions')} ended` });
      await refreshSecurity();
    });
  return (
    <section className="section" aria-label="Sessions">
      <h2>Where you are signed in</h2>
      {problem && <FormProblem key={problem.message} title={problem.message} requestId={problem.requestId} />}
      <ul className="rows">
        {items.map((session) => (
          <li key={session.id}>
            <div>
              <b>{session.agent ?? 'Unknown browser'}</b>
              {session.current && <span className="dim"> this one</span>}
              <small>
                {session.company}, seen <Moment at={session.seen_at} />, signed in{' '}
                <Moment at={session.created_at} />
              </small>
            </div>
            {!session.current && (
              <Button
                variant="subtle"
                color="gray"
                size="compact-sm"
                disabled={busy}
                aria-label={`End the session of ${session.agent ?? 'an unknown browser'} in ${session.company}`}
                onClick={() => end(session)}
              >
                End
              </Button>
            )}
          </li>
        ))}
      </ul>
      {items.length > 1 && (
        <div className="row-acts">
          <Button variant="default" loading={busy} onClick={endOthers}>
            End all others
          </Button>
        </div>
      )}
    </section>
  );
}
