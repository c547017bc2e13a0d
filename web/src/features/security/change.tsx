import { Button, PasswordInput } from '@mantine/core';
import { useState } from 'react';
import { endSecondFactor, refreshSecurity, renewRecoveryCodes } from '../../api/security';
import { useSubmit } from '../../api/use-submit';
import { CodeInput } from '../../ui/code-input';
import { FormProblem } from '../../ui/form-problem';
import { toast } from '../../ui/toast';
import { RecoveryCodes } from './recovery-codes';

type Props = { what: 'renew' | 'end'; onClose: () => void };

/** New recovery codes, or none of it any more; either asks for a code first. */
export function Change({ what, onClose }: Props) {
  const { busy, problem, submit } = useSubmit();
  const [password, setPassword] = useState('');
  const [code, setCode] = useState('');
  const [codes, setCodes] = useState<string[] | null>(null);
  const done = () => {
    onClose();
    void refreshSecurity();
  };
  if (codes) return <RecoveryCodes codes={codes} onDone={done} />;
  const go = () =>
    submit(async () => {
      if (what === 'renew') return setCodes((await renewRecoveryCodes(code)).codes);
      await endSecondFactor(password, code);
      toast({ title: 'Two-step sign-in is off', message: 'Only your password is asked for.' });
      done();
    });
  const summary = problem && Object.keys(problem.fields).length === 0;
  return (
    <form
      className="form"
      onSubmit={(event) => {
        event.preventDefault();
        void go();
      }}
    >
      {summary && <FormProblem key={problem.message} title={problem.message} requestId={problem.requestId} />}
      <p className="hint">
        {what === 'renew'
          ? 'The codes that you have kept count no more once there are new ones.'
          : 'Whoever learns your password can then sign in as you.'}
      </p>
      {what === 'end' && (
        <PasswordInput
          label="Your password"
          autoComplete="current-password"
          required
          withAsterisk={false}
          value={password}
          error={problem?.fields.password}
          onChange={(e) => setPassword(e.currentTarget.value)}
          visibilityToggleButtonProps={{ 'aria-label': 'Show password' }}
        />
      )}
      <CodeInput value={code} error={problem?.fields.code} onChange={(e) => setCode(e.currentTarget.value)} />
      <div className="row-acts">
        <Button type="submit" color={what === 'end' ? 'ember' : undefined} loading={busy}>
          {what === 'renew' ? 'Make new codes' : 'Turn it off'}
        </Button>
        <Button variant="default" onClick={onClose}>
          Cancel
        </Button>
      </div>
    </form>
  );
}
