import { Button, PasswordInput, TextInput } from '@mantine/core';
import { Link, useRouter, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import { signIn } from '../api/session';
import { useSubmit } from '../api/use-submit';
import { CodeInput } from '../ui/code-input';
import { Door } from '../ui/door';
import { duration } from '../ui/figures';
import { FormProblem } from '../ui/form-problem';
import { safeNext } from '../ui/url';

export function SignInRoute() {
  const { next } = useSearch({ from: '/signin' });
  const router = useRouter();
  const { busy, problem, submit } = useSubmit();
  const [email, setEmail] = useState('');
  const [password, setPassword] = useState('');
  const [code, setCode] = useState('');
  const [asksCode, askCode] = useState(false);
  // Asked for once; a code that does not count, or a pause between tries, keeps the question open.
  if (!asksCode && problem?.code === 'second_factor_required') askCode(true);
  const enter = () =>
    submit(async () => {
      await signIn(email.trim(), password, asksCode ? code : undefined);
      // Without a wish, the beginning: it is another one on a phone.
      router.history.push(next ? safeNext(next) : '/');
    });
  return (
    <Door title="Sign in">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void enter();
        }}
      >
        {problem && problem.code !== 'second_factor_required' && (
          <FormProblem
            key={problem.message}
            title={problem.message}
            requestId={problem.status >= 500 ? problem.requestId : null}
          >
            {problem.retryAfterS && <p>Try again in {duration(problem.retryAfterS)}.</p>}
          </FormProblem>
        )}
        <TextInput
          label="Email"
          type="email"
          name="email"
          autoComplete="username"
          required
          withAsterisk={false}
          value={email}
          onChange={(e) => setEmail(e.currentTarget.value)}
        />
        <PasswordInput
          label="Password"
          name="password"
          autoComplete="current-password"
          required
          withAsterisk={false}
          value={password}
          onChange={(e) => setPassword(e.currentTarget.value)}
          visibilityToggleButtonProps={{ 'aria-label': 'Show password' }}
        />
        {asksCode && <CodeInput autoFocus value={code} onChange={(e) => setCode(e.currentTarget.value)} />}
        <Button type="submit" loading={busy}>
          Sign in
        </Button>
      </form>
      <p className="alt">
        <Link to="/forgot">Forgot your password?</Link>
      </p>
      <p className="alt">
        New here?{' '}
        <Link to="/signup" search={{ next }}>
          Create a company
        </Link>
      </p>
    </Door>
  );
}
