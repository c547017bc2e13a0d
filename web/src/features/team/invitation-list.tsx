import { Button } from '@mantine/core';
import type { Invitation } from '../../api/schemas';
import { useSession } from '../../api/session';
import { refreshTeam, resendInvitation, revokeInvitation } from '../../api/team';
import { useSubmit } from '../../api/use-submit';
import { ago, exact, humanize } from '../../ui/figures';
import { FormProblem } from '../../ui/form-problem';
import { StatusWord } from '../../ui/status-word';
import { toast } from '../../ui/toast';
import { within } from './roles';

export function InvitationList({ invitations }: { invitations: Invitation[] }) {
  const session = useSession();
  const { busy, problem, submit } = useSubmit();
  if (invitations.length === 0) return null;
  const again = (one: Invitation) =>
    void submit(async () => {
      await resendInvitation(one.id);
      toast({ title: `A new link is on its way to ${one.email}`, message: 'The old link works no more.' });
      await refreshTeam();
    });
  const revoke = (one: Invitation) =>
    void submit(async () => {
      await revokeInvitation(one.id);
      toast({ title: `The invitation of ${one.email} is revoked` });
      await refreshTeam();
    });
  return (
    <section className="people" aria-label="Invitations">
      <h2>Invited</h2>
      {problem && <FormProblem key={problem.message} title={problem.message} requestId={problem.requestId} />}
      <ul>
        {invitations.map((one) => (
          <li key={one.id}>
            <span className="av" aria-hidden>
              ?
            </span>
            <div className="name">
              <b>{one.email}</b>
              <small>by {one.invited_by.name}</small>
            </div>
            <span className="facts-line">
              {one.expired ? (
                <StatusWord tone="warn">Expired</StatusWord>
              ) : one.sent_at ? (
                <StatusWord tone="ok">
                  <time dateTime={one.expires_at} title={exact(one.expires_at)}>
                    Ends {ago(one.expires_at)}
                  </time>
                </StatusWord>
              ) : (
                <StatusWord tone="busy">Being sent</StatusWord>
              )}
            </span>
            <span className="role">{humanize(one.role)}</span>
            {within(one.role, session.member.role) && (
              <span className="row-acts">
                <Button
                  variant="default"
                  size="compact-sm"
                  disabled={busy}
                  aria-label={`Send again to ${one.email}`}
                  onClick={() => again(one)}
                >
                  Send again
                </Button>
                <Button
                  variant="subtle"
                  color="gray"
                  size="compact-sm"
                  disabled={busy}
                  aria-label={`Revoke the invitation of ${one.email}`}
                  onClick={() => revoke(one)}
                >
                  Revoke
                </Button>
              </span>
            )}
          </li>
        ))}
      </ul>
    </section>
  );
}
