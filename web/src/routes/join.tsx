import { Button, PasswordInput, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { asProblem } from '../api/problem';
import type { OpenInvitation } from '../api/schemas';
import { signOut } from '../api/session';
import { acceptInvitation, openInvitationQuery } from '../api/team';
import { useSubmit } from '../api/use-submit';
import { CodeInput } from '../ui/code-input';
import { Door } from '../ui/door';
import { exact, humanize } from '../ui/figures';
import { FormProblem } from '../ui/form-problem';
import { tokenFromHash } from '../ui/url';

/** Where the link of an invitation leads: nothing happens before somebody says yes. */
export function JoinRoute() {
  const [token] = useState(() => tokenFromHash(window.location.hash));
  const asked = useQuery({ ...openInvitationQuery(token ?? ''), enabled: token !== null });
  if (!token)
    return (
      <Door title="This link is incomplete" lead="Open the whole link from the mail.">
        <Link to="/signin">Sign in</Link>
      </Door>
    );
  if (asked.isPending)
    return (
      <Door title="Invitation">
        <p className="lead" role="status">
          One moment
        </p>
      </Door>
    );
  if (asked.error) {
    const problem = asProblem(asked.error);
    const gone = problem.code === 'invitation_gone';
    return (
      <Door
        title={gone ? 'This invitation no longer stands' : 'The invitation could not be read'}
        lead={problem.message}
      >
        {gone ? (
          <Link to="/signin">Sign in</Link>
        ) : (
          <Button onClick={() => void asked.refetch()}>Try again</Button>
        )}
      </Door>
    );
  }
  return <Accept token={token} asked={asked.data} />;
}

function Accept({ token, asked }: { token: string; asked: OpenInvitation }) {
  const navigate = useNavigate();
  const { busy, problem, submit } = useSubmit();
  const [name, setName] = useState('');
  const [password, setPassword] = useState('');
  const [code, setCode] = useState('');
  const [asksCode, askCode] = useState(false);
  if (!asksCode && problem?.code === 'second_factor_required') askCode(true);
  const go = () =>
    submit(async () => {
      await acceptInvitation({
        token,
        name: asked.has_account ? undefined : name.trim(),
        password: asked.signed_in ? undefined : password,
        code: asksCode ? code : undefined,
      });
      await navigate({ to: '/contacts', replace: true });
    });
  return (
    <Door
      title={`Join ${asked.company}`}
      lead={
        <>
          {asked.invited_by} invites <b className="break">{asked.email}</b> as{' '}
          {humanize(asked.role).toLowerCase()}. The link works until {exact(asked.expires_at)}.
        </>
      }
    >
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void go();
        }}
      >
        {problem && problem.code !== 'second_factor_required' && (
          <FormProblem
            key={problem.message}
            title={problem.message}
            requestId={problem.status >= 500 ? problem.requestId : null}
          >
            {problem.code === 'another_address' && (
              <p>
                <button type="button" className="link" onClick={() => void submit(signOut)}>
                  Sign out
                </button>
              </p>
            )}
          </FormProblem>
        )}
        {!asked.has_account && (
          <TextInput
            label="Your name"
            name="name"
            autoComplete="name"
            required
            withAsterisk={false}
            value={name}
            error={problem?.fields.name}
            onChange={(e) => setName(e.currentTarget.value)}
          />
        )}
        {!asked.signed_in && (
          <PasswordInput
            label={asked.has_account ? 'Password of your account' : 'Choose a password'}
            description={
              asked.has_account ? undefined : 'At least 10 characters. A short sentence is easy to remember.'
            }
            name="password"
            autoComplete={asked.has_account ? 'current-password' : 'new-password'}
            required
            withAsterisk={false}
            value={password}
            error={problem?.fields.password}
            onChange={(e) => setPassword(e.currentTarget.value)}
            visibilityToggleButtonProps={{ 'aria-label': 'Show password' }}
          />
        )}
        {asksCode && <CodeInput autoFocus value={code} onChange={(e) => setCode(e.currentTarget.value)} />}
        <Button type="submit" loading={busy}>
          Join {asked.company}
        </Button>
      </form>
      {asked.has_account && !asked.signed_in && (
        <p className="alt">
          <Link to="/forgot">Forgot your password?</Link>
        </p>
      )}
    </Door>
  );
}
