import { Button, NativeSelect, PasswordInput, TextInput } from '@mantine/core';
import { Link, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import { signUp } from '../api/session';
import { useSubmit } from '../api/use-submit';
import { COUNTRIES } from '../features/session/countries';
import { LookInMailbox } from '../features/session/look-in-mailbox';
import { Door } from '../ui/door';
import { FormProblem } from '../ui/form-problem';

const EMPTY = { company: '', name: '', email: '', password: '', country: 'DE' };

export function SignUpRoute() {
  const { next } = useSearch({ from: '/signup' });
  const [form, setForm] = useState(EMPTY);
  const [sentTo, setSentTo] = useState<string | null>(null);
  const { busy, problem, submit } = useSubmit();
  const field = (name: keyof typeof EMPTY) => ({
    name,
    value: form[name],
    required: true,
    withAsterisk: false,
    error: problem?.fields[name],
    onChange: (e: React.ChangeEvent<HTMLInputElement | HTMLSelectElement>) => {
      const { value } = e.currentTarget;
      setForm((f) => ({ ...f, [name]: value }));
    },
  });
  if (sentTo)
    return (
      <Door title="Check your mail" lead={<>We sent a link to {sentTo}. It opens your new company.</>}>
        <LookInMailbox />
        <p className="alt">
          Nothing there? Look in the spam folder, or{' '}
          <button type="button" className="link" onClick={() => setSentTo(null)}>
            try another address
          </button>
          .
        </p>
      </Door>
    );
  return (
    <Door title="Create a company" lead="You become its owner. The free plan needs no payment.">
      <form
        onSubmit={async (event) => {
          event.preventDefault();
          const wanted = { ...form, email: form.email.trim() };
          if (await submit(() => signUp(wanted))) setSentTo(wanted.email);
        }}
      >
        {problem && <FormProblem key={problem.message} title={problem.title} detail={problem.message} />}
        <TextInput label="Company" autoComplete="organization" {...field('company')} />
        <TextInput label="Your name" autoComplete="name" {...field('name')} />
        <TextInput label="Work email" type="email" autoComplete="username" {...field('email')} />
        <PasswordInput
          label="Password"
          description="At least 12 characters. A short sentence is easy to remember."
          autoComplete="new-password"
          minLength={12}
          visibilityToggleButtonProps={{ 'aria-label': 'Show password' }}
          {...field('password')}
        />
        <NativeSelect
          label="Country"
          description="Phone numbers without a country code are read as numbers of this country."
          data={COUNTRIES}
          {...field('country')}
        />
        <Button type="submit" loading={busy}>
          Create company
        </Button>
      </form>
      <p className="alt">
        Already have an account?{' '}
        <Link to="/signin" search={{ next }}>
          Sign in
        </Link>
      </p>
    </Door>
  );
}
