import { Button, NativeSelect } from '@mantine/core';
import { useState } from 'react';
import type { CrmWithUsers, Member, Role } from '../../api/schemas';
import { may, useSession } from '../../api/session';
import { changeRole, refreshTeam } from '../../api/team';
import { useSubmit } from '../../api/use-submit';
import { Avatar } from '../../ui/avatar';
import { counted, humanize } from '../../ui/figures';
import { FormProblem } from '../../ui/form-problem';
import { ProviderTile } from '../../ui/provider-tile';
import { toast } from '../../ui/toast';
import { RemoveMember } from './remove-member';
import { grantable, within } from './roles';

type Props = { members: Member[]; crms: CrmWithUsers[]; colors: Record<string, string> };

export function MemberList({ members, crms, colors }: Props) {
  const session = useSession();
  const manages = may(session, 'manage_team');
  const [leaving, setLeaving] = useState<Member | null>(null);
  const { busy, problem, submit } = useSubmit();
  const give = (member: Member, role: Role) =>
    void submit(async () => {
      await changeRole(member.id, role);
      toast({ title: `${member.name} is ${humanize(role).toLowerCase()} now` });
      await refreshTeam();
    });
  return (
    <section className="people" aria-label="Members">
      <h2>Members</h2>
      {problem && <FormProblem key={problem.message} title={problem.message} requestId={problem.requestId} />}
      <ul>
        {members.map((member) => {
          const own = member.id === session.member.id;
          const changes = manages && within(member.role, session.member.role);
          return (
            <li key={member.id}>
              <Avatar name={member.name} />
              <div className="name">
                <b>
                  {member.name}
                  {own && <span className="dim"> (you)</span>}
                </b>
                <small>{member.email}</small>
              </div>
              <span className="facts-line num">
                {/* Whoever sees the own contacts alone would be told that colleagues have none. */}
                {(own || may(session, 'see_all_contacts')) && counted(member.contacts, 'contact', 'contacts')}
                {crms
                  .filter((crm) => crm.users.some((user) => user.member_id === member.id))
                  .map((crm) => (
                    <span key={crm.provider} className="src">
                      <ProviderTile name={crm.provider_name} color={colors[crm.provider]} /> in{' '}
                      {crm.provider_name}
                    </span>
                  ))}
              </span>
              {changes ? (
                <NativeSelect
                  className="role"
                  aria-label={`Role of ${member.name}`}
                  value={member.role}
                  disabled={busy}
                  data={grantable(session.member.role).map((r) => ({ value: r.role, label: r.words }))}
                  onChange={(e) => give(member, e.currentTarget.value as Role)}
                />
              ) : (
                <span className="role">{humanize(member.role)}</span>
              )}
              {(changes || own) && (
                <Button
                  variant="subtle"
                  color="gray"
                  size="compact-sm"
                  aria-label={own ? 'Leave the company' : `Remove ${member.name}`}
                  onClick={() => setLeaving(member)}
                >
                  {own ? 'Leave' : 'Remove'}
                </Button>
              )}
            </li>
          );
        })}
      </ul>
      {leaving && (
        <RemoveMember
          key={leaving.id}
          member={leaving}
          others={members.filter((m) => m.id !== leaving.id)}
          onClose={() => setLeaving(null)}
        />
      )}
    </section>
  );
}
