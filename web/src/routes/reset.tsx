import { Button, PasswordInput } from '@mantine/core';
import { Link, useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { setPassword } from '../api/session';
import { useSubmit } from '../api/use-submit';
import { Door } from '../ui/door';
import { FormProblem } from '../ui/form-problem';
import { toast } from '../ui/toast';
import { tokenFromHash } from '../ui/url';

export function ResetRoute() {
  const [token] = useState(() => tokenFromHash(window.location.hash));
  const [password, type] = useState('');
  const navigate = useNavigate();
  const { busy, problem, submit } = useSubmit();
  if (!token)
    return (
      <Door title="This link is incomplete" lead="Open the whole link from the mail, or ask for a new one.">
        <Link to="/forgot">Ask for a new link</Link>
      </Door>
    );
  return (
    <Door title="Set a new password" lead="You are signed out everywhere else when it is set.">
      <form
        onSubmit={async (event) => {
          event.preventDefault();
          if (!(await submit(() => setPassword(token, password)))) return;
          toast({ title: 'Your new password is set' });
          await navigate({ to: '/signin', replace: true });
        }}
      >
        {problem && (
          <FormProblem key={problem.message} title={problem.message}>
            {problem.code === 'token_expired' && (
              <p>
                <Link to="/forgot">Ask for a new link</Link>
              </p>
            )}
          </FormProblem>
        )}
        <PasswordInput
          label="New password"
          description="At least 12 characters. A short sentence is easy to remember."
          autoComplete="new-password"
          required
          withAsterisk={false}
          minLength={12}
          value={password}
          error={problem?.fields.password}
          onChange={(e) => type(e.currentTarget.value)}
          visibilityToggleButtonProps={{ 'aria-label': 'Show password' }}
        />
        <Button type="submit" loading={busy}>
          Set password
        </Button>
      </form>
    </Door>
  );
}
