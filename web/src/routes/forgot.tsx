import { Button, TextInput } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { askReset } from '../api/session';
import { useSubmit } from '../api/use-submit';
import { LookInMailbox } from '../features/session/look-in-mailbox';
import { Door } from '../ui/door';
import { FormProblem } from '../ui/form-problem';

export function ForgotRoute() {
  const [email, setEmail] = useState('');
  const [sent, setSent] = useState(false);
  const { busy, problem, submit } = useSubmit();
  if (sent)
    return (
      <Door
        title="Check your mail"
        lead={<>If {email} has an account here, a link to set a new password is on its way.</>}
      >
        <LookInMailbox />
        <p className="alt">
          <Link to="/signin">Back to sign in</Link>
        </p>
      </Door>
    );
  return (
    <Door title="Forgot your password?" lead="We send you a link to set a new one.">
      <form
        onSubmit={async (event) => {
          event.preventDefault();
          if (await submit(() => askReset(email.trim()))) setSent(true);
        }}
      >
        {problem && <FormProblem key={problem.message} title={problem.message} />}
        <TextInput
          label="Email"
          type="email"
          autoComplete="username"
          required
          withAsterisk={false}
          value={email}
          onChange={(e) => setEmail(e.currentTarget.value)}
        />
        <Button type="submit" loading={busy}>
          Send the link
        </Button>
      </form>
      <p className="alt">
        <Link to="/signin">Back to sign in</Link>
      </p>
    </Door>
  );
}
