import { NativeSelect } from '@mantine/core';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { queryClient } from '../../api/client';
import { refreshContacts } from '../../api/contacts';
import type { Member } from '../../api/schemas';
import { may, useSession } from '../../api/session';
import { refreshTeam, removeMember } from '../../api/team';
import { useSubmit } from '../../api/use-submit';
import { counted } from '../../ui/figures';
import { FormDialog } from '../../ui/form-dialog';
import { toast } from '../../ui/toast';

type Props = { member: Member; others: Member[]; onClose: () => void };

/** Ends a membership; says first what goes with it, and who gets the contacts. */
export function RemoveMember({ member, others, onClose }: Props) {
  const session = useSession();
  const navigate = useNavigate();
  const { busy, problem, submit } = useSubmit();
  const [heir, setHeir] = useState('');
  const own = member.id === session.member.id;
  const contacts = counted(member.contacts, 'contact', 'contacts');
  const go = () =>
    submit(async () => {
      const done = await removeMember(member.id, heir || undefined);
      if (own) {
        await navigate({ to: '/signin' });
        queryClient.clear();
        toast({ title: `You left ${session.company.name}` });
        return;
      }
      const to = others.find((m) => m.id === heir)?.name ?? 'nobody';
      toast({
        title: `${member.name} is out`,
        message:
          done.contacts > 0 ? `${counted(done.contacts, 'contact', 'contacts')} went to ${to}.` : undefined,
      });
      onClose();
      await Promise.all([refreshTeam(), refreshContacts()]);
    });
  return (
    <FormDialog
      title={own ? `Leave ${session.company.name}` : `Remove ${member.name}`}
      onClose={onClose}
      go={go}
      busy={busy}
      problem={problem}
      words={own ? { go: 'Leave', stay: 'Stay' } : { go: `Remove ${member.name}`, stay: 'Keep them' }}
      grave
    >
      <p className="hint">
        {own ? 'You are signed out at once, and your' : 'They are signed out at once, and their'} API keys and
        open invitations end. What was logged stays.
      </p>
      {may(session, 'manage_team') && member.contacts > 0 && (
        <NativeSelect
          label={`Who gets ${contacts}`}
          value={heir}
          onChange={(e) => setHeir(e.currentTarget.value)}
          error={problem?.fields.contacts_to}
          data={[{ value: '', label: 'Nobody yet' }, ...others.map((m) => ({ value: m.id, label: m.name }))]}
        />
      )}
      {!may(session, 'manage_team') && member.contacts > 0 && (
        <p className="hint">Your {contacts} go to nobody; an owner or admin can hand them on.</p>
      )}
    </FormDialog>
  );
}
