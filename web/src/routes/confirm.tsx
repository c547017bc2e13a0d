import { Button } from '@mantine/core';
import { Link, useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { queryClient } from '../api/client';
import { installationQuery } from '../api/installation';
import { asProblem } from '../api/problem';
import { confirmAddress } from '../api/session';
import { useSubmit } from '../api/use-submit';
import { Door } from '../ui/door';
import { FormProblem } from '../ui/form-problem';
import { tokenFromHash } from '../ui/url';

/** Whether this browser signed up to finish an install; one that waited too long is told so there. */
const isInstalling = () =>
  queryClient.fetchQuery(installationQuery()).then(
    () => true,
    (error) => asProblem(error).code === 'installation_expired',
  );

export function ConfirmRoute() {
  const [token] = useState(() => tokenFromHash(window.location.hash));
  const navigate = useNavigate();
  const { busy, problem, submit } = useSubmit();
  if (!token)
    return (
      <Door
        title="This link is incomplete"
        lead="Open the whole link from the mail, or sign up again to get a new one."
      >
        <Link to="/signup">Sign up again</Link>
      </Door>
    );
  // A button rather than at once: mail scanners open links, and a token works only once.
  return (
    <Door title="Confirm your address" lead="One click opens your new company.">
      <div className="stackv">
        {problem && (
          <FormProblem key={problem.message} title={problem.message}>
            {problem.code === 'token_expired' && (
              <p>
                <Link to="/signup">Sign up again</Link> to get a new link, or{' '}
                <Link to="/signin">sign in</Link> if you have confirmed before.
              </p>
            )}
          </FormProblem>
        )}
        <Button
          loading={busy}
          onClick={() =>
            submit(async () => {
              await confirmAddress(token);
              const to = (await isInstalling()) ? '/install' : '/contacts';
              await navigate({ to, replace: true });
            })
          }
        >
          Confirm and open Tandem
        </Button>
      </div>
    </Door>
  );
}
