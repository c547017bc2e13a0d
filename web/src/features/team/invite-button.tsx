import { Button, Modal, NativeSelect, TextInput } from '@mantine/core';
import { useState } from 'react';
import type { Role } from '../../api/schemas';
import { useSession } from '../../api/session';
import { invite, refreshTeam } from '../../api/team';
import { useSubmit } from '../../api/use-submit';
import { FormProblem } from '../../ui/form-problem';
import { LinkButton } from '../../ui/link-button';
import { toast } from '../../ui/toast';
import { grantable } from './roles';

const DAYS = [1, 3, 7, 14, 30].map((n) => ({ value: String(n), label: n === 1 ? '1 day' : `${n} days` }));

export function InviteButton() {
  const session = useSession();
  const [opened, open] = useState(false);
  const [email, setEmail] = useState('');
  const [role, setRole] = useState<Role>('consultant');
  const [days, setDays] = useState('7');
  const { busy, problem, submit, clear } = useSubmit();
  const roles = grantable(session.member.role);
  const close = () => {
    clear();
    open(false);
  };
  const go = () =>
    submit(async () => {
      await invite({ email: email.trim(), role, days: Number(days) });
      toast({ title: `${email.trim()} is invited` });
      setEmail('');
      close();
      await refreshTeam();
    });
  return (
    <>
      <Button onClick={() => open(true)}>Invite</Button>
      <Modal
        opened={opened}
        onClose={close}
        title="Invite somebody"
        closeButtonProps={{ 'aria-label': 'Close' }}
      >
        <form
          className="form"
          onSubmit={(event) => {
            event.preventDefault();
            void go();
          }}
        >
          {problem && (
            <FormProblem key={problem.message} title={problem.message} requestId={problem.requestId}>
              {problem.upgradeTo && (
                <p>
                  <LinkButton
                    variant="default"
                    size="compact-sm"
                    to="/billing"
                    search={{ plan: problem.upgradeTo }}
                  >
                    Compare plans
                  </LinkButton>
                </p>
              )}
            </FormProblem>
          )}
          <TextInput
            label="Email"
            type="email"
            autoComplete="off"
            data-autofocus
            required
            withAsterisk={false}
            value={email}
            error={problem?.fields.email}
            onChange={(e) => setEmail(e.currentTarget.value)}
          />
          <NativeSelect
            label="Role"
            description={roles.find((r) => r.role === role)?.may}
            inputWrapperOrder={['label', 'input', 'description', 'error']}
            value={role}
            onChange={(e) => setRole(e.currentTarget.value as Role)}
            data={roles.map((r) => ({ value: r.role, label: r.words }))}
          />
          <NativeSelect
            label="The link works for"
            value={days}
            onChange={(e) => setDays(e.currentTarget.value)}
            data={DAYS}
          />
          <div className="row-acts">
            <Button type="submit" loading={busy}>
              Send the invitation
            </Button>
            <Button variant="default" onClick={close}>
              Cancel
            </Button>
          </div>
        </form>
      </Modal>
    </>
  );
}
