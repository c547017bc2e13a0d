import { Button } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import { installationQuery } from '../api/installation';
import { refreshConnections } from '../api/integrations';
import { asProblem } from '../api/problem';
import type { Installation } from '../api/schemas';
import { sessionQuery, switchCompany } from '../api/session';
import { InstallForm } from '../features/integrations/install-form';
import { endingWords, until, whose } from '../features/integrations/install-words';
import { Door } from '../ui/door';
import { LinkButton } from '../ui/link-button';
import { toast } from '../ui/toast';

/** Where somebody ends who installed Tandem from the provider's side: in front of the door, signed in or not. */
export function InstallRoute() {
  const { reason } = useSearch({ from: '/install' });
  const [turn, setTurn] = useState(0);
  // Going over to another company empties every query; the page begins anew.
  return reason ? <Ended code={reason} /> : <Waiting key={turn} again={() => setTurn((n) => n + 1)} />;
}

function Waiting({ again }: { again: () => void }) {
  const { id } = useSearch({ from: '/install' });
  const navigate = useNavigate();
  const installation = useQuery(installationQuery(id));
  const session = useQuery(sessionQuery);
  if (installation.error) {
    const problem = asProblem(installation.error);
    if (problem.code.startsWith('installation_')) return <Ended code={problem.code} />;
    return (
      <Door title="This page could not be loaded" lead={problem.message}>
        <Button onClick={() => void installation.refetch()}>Try again</Button>
      </Door>
    );
  }
  if (!installation.data || session.isPending) return <Door title="One moment">{null}</Door>;
  const waiting = installation.data;
  if (!session.data || !waiting.here) return <SignedOut installation={waiting} />;
  return (
    <Door
      title={`Connect ${waiting.name}?`}
      lead={`${waiting.name} was installed in this browser by ${whose(waiting)}. Nothing is connected yet.`}
    >
      <InstallForm
        installation={waiting}
        session={session.data}
        onSwitch={async (company) => {
          await switchCompany(company);
          again();
        }}
        onDone={(outcome) => {
          void refreshConnections();
          if (outcome === 'connected')
            return void navigate({
              to: '/contacts/$provider',
              params: { provider: waiting.provider },
              search: { integration: waiting.provider, status: 'connected' },
              replace: true,
            });
          toast({ title: `${waiting.name} stays connected as before` });
          void navigate({ to: '/integrations', replace: true });
        }}
        onDeclined={() => {
          toast({ title: `${waiting.name} was not connected`, message: 'Its access was given back.' });
          void navigate({ to: '/integrations', replace: true });
        }}
      />
    </Door>
  );
}

function SignedOut({ installation }: { installation: Installation }) {
  const next = `/install?id=${installation.id}`;
  return (
    <Door
      title={`Where does ${installation.name} belong?`}
      lead={`It was installed in this browser by ${whose(installation)}. Sign in to say which company it belongs to. ${until(installation)}`}
    >
      <div className="stackv">
        <LinkButton to="/signin" search={{ next }}>
          Sign in
        </LinkButton>
        <LinkButton to="/signup" search={{ next }} variant="default">
          Create a company
        </LinkButton>
      </div>
      <p className="alt">
        Signing up takes a mail. If it takes longer than the install waits, install once more afterwards.
      </p>
    </Door>
  );
}

function Ended({ code }: { code: string }) {
  const { title, next } = endingWords(code);
  return (
    <Door title={title} lead={next}>
      <LinkButton to="/integrations" variant="default">
        Open integrations
      </LinkButton>
    </Door>
  );
}
