import { Button, PasswordInput } from '@mantine/core';
import { useState } from 'react';
import type { NewSecondFactor } from '../../api/schemas';
import { beginSecondFactor, confirmSecondFactor, refreshSecurity } from '../../api/security';
import { useSubmit } from '../../api/use-submit';
import { CodeInput } from '../../ui/code-input';
import { FormProblem } from '../../ui/form-problem';
import { QrCode } from './qr-code';
import { RecoveryCodes } from './recovery-codes';

/** Password, then the picture for the app, then a first code; only then it counts. */
export function SetUp({ onClose }: { onClose: () => void }) {
  const { busy, problem, submit } = useSubmit();
  const [password, setPassword] = useState('');
  const [code, setCode] = useState('');
  const [begun, setBegun] = useState<NewSecondFactor | null>(null);
  const [codes, setCodes] = useState<string[] | null>(null);
  const done = () => {
    onClose();
    void refreshSecurity();
  };
  if (codes) return <RecoveryCodes codes={codes} onDone={done} />;
  const go = () =>
    submit(async () => {
      if (!begun) return setBegun(await beginSecondFactor(password));
      setCodes((await confirmSecondFactor(code)).codes);
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
      {begun ? (
        <>
          <p className="hint">Scan this with an authenticator app, then type the code that it shows.</p>
          <QrCode text={begun.address} label="QR code for your authenticator app" />
          <p className="hint">
            No camera? Type this into the app:{' '}
            <code className="mono break">{begun.secret.match(/.{1,4}/g)?.join(' ')}</code>
          </p>
          <CodeInput
            description={undefined}
            inputMode="numeric"
            data-autofocus
            value={code}
            error={problem?.fields.code}
            onChange={(e) => setCode(e.currentTarget.value)}
          />
        </>
      ) : (
        <PasswordInput
          label="Your password"
          autoComplete="current-password"
          data-autofocus
          required
          withAsterisk={false}
          value={password}
          error={problem?.fields.password}
          onChange={(e) => setPassword(e.currentTarget.value)}
          visibilityToggleButtonProps={{ 'aria-label': 'Show password' }}
        />
      )}
      <div className="row-acts">
        <Button type="submit" loading={busy}>
          {begun ? 'Turn it on' : 'Go on'}
        </Button>
        <Button variant="default" onClick={onClose}>
          Cancel
        </Button>
      </div>
    </form>
  );
}
