import { Button } from '@mantine/core';
import type { CrmUser, CrmWithUsers } from '../../api/schemas';
import { invite, readCrmUsers, refreshTeam } from '../../api/team';
import { useSubmit } from '../../api/use-submit';
import { Avatar } from '../../ui/avatar';
import { counted } from '../../ui/figures';
import { FormProblem } from '../../ui/form-problem';
import { Moment } from '../../ui/moment';
import { ProviderTile } from '../../ui/provider-tile';
import { StatusWord } from '../../ui/status-word';
import { toast } from '../../ui/toast';

/** Those who could be asked come first; then who was, who is here, and who does not work there any more. */
const order = (user: CrmUser) =>
  user.member_id ? 2 : user.invitation_id ? 1 : user.email && user.active ? 0 : 3;

type Props = { crm: CrmWithUsers; color?: string; full: boolean };

/** The users of one CRM beside the members: the same address is the same person. */
export function CrmPeople({ crm, color, full }: Props) {
  const { busy, problem, submit } = useSubmit();
  const here = crm.users.filter((user) => user.member_id).length;
  const ask = (email: string) =>
    void submit(async () => {
      await invite({ email, role: 'consultant' });
      toast({
        title: `${email} is invited as consultant`,
        message: 'You can change the role once they are here.',
      });
      await refreshTeam();
    });
  const users = crm.users.toSorted((a, b) => order(a) - order(b));
  return (
    <section className="people" aria-label={`Users of ${crm.provider_name}`}>
      <h2>
        <ProviderTile name={crm.provider_name} color={color} /> In {crm.provider_name}
        {crm.read_at && (
          <span className="dim num">
            {here} of {counted(crm.users.length, 'user', 'users')} here
          </span>
        )}
        <span className="end">
          {crm.read_at && (
            <span className="dim">
              Read <Moment at={crm.read_at} />
            </span>
          )}
          <Button
            variant="default"
            size="compact-sm"
            loading={busy}
            onClick={() => void submit(() => readCrmUsers(crm.provider))}
          >
            {crm.read_at ? 'Read again' : `See who works in ${crm.provider_name}`}
          </Button>
        </span>
      </h2>
      {problem && <FormProblem key={problem.message} title={problem.message} requestId={problem.requestId} />}
      {!crm.read_at && <p className="hint">Nobody has read the users of {crm.account_name} yet.</p>}
      <ul>
        {users.map((user) => (
          <li key={user.remote_id} data-off={order(user) === 3 || undefined}>
            <Avatar name={user.name ?? user.email ?? ''} />
            <div className="name">
              <b>{user.name ?? user.email ?? `User ${user.remote_id}`}</b>
              <small>{user.email ?? 'No address'}</small>
            </div>
            <span className="facts-line">
              {user.member_id ? (
                <StatusWord tone="ok">Member</StatusWord>
              ) : user.invitation_id ? (
                <StatusWord tone="busy">Invited</StatusWord>
              ) : (
                <StatusWord tone="idle">{user.active ? 'Not here' : 'Inactive'}</StatusWord>
              )}
            </span>
            {order(user) === 0 && user.email && (
              <Button
                size="compact-sm"
                variant="default"
                disabled={busy || full}
                aria-label={`Invite ${user.name ?? user.email}`}
                onClick={() => ask(user.email ?? '')}
              >
                Invite
              </Button>
            )}
          </li>
        ))}
      </ul>
    </section>
  );
}
