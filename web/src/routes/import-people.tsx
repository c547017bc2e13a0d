import { useQuery } from '@tanstack/react-query';
import { useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { useEffect, useState } from 'react';
import { useRun } from '../api/follow-run';
import { refreshConnections, startSync, statusQuery } from '../api/integrations';
import { isFinal } from '../api/run-order';
import type { ProviderStatus, RunMode } from '../api/schemas';
import { useSubmit } from '../api/use-submit';
import { watchRun } from '../api/watched-runs';
import { ConnectFirst } from '../features/integrations/connect-first';
import { ConnectionBanner } from '../features/integrations/connection-banner';
import { ImportPanel } from '../features/remote-people/import-panel';
import { PeopleList } from '../features/remote-people/people-list';
import { RunProgress } from '../features/runs/run-progress';
import { RunResult } from '../features/runs/run-result';
import { EmptyState } from '../ui/empty-state';
import { LinkButton } from '../ui/link-button';
import { PageHead } from '../ui/page-head';
import { ProviderTile } from '../ui/provider-tile';
import { NOBODY, type Selection } from '../ui/selection';
import { SkeletonRows } from '../ui/skeleton-rows';
import { toast } from '../ui/toast';

export function ImportRoute() {
  const { provider: slug } = useParams({ from: '/workspace/contacts/$provider' });
  const { data } = useQuery(statusQuery);
  const provider = data?.providers.find((p) => p.provider === slug);
  if (!data)
    return (
      <>
        <PageHead title="Import" />
        <SkeletonRows />
      </>
    );
  if (!provider)
    return (
      <>
        <PageHead title="Import" />
        <EmptyState
          kind="no-match"
          title="There is no such provider"
          action={<LinkButton to="/integrations">See all integrations</LinkButton>}
        >
          Nothing called “{slug}” can be connected.
        </EmptyState>
      </>
    );
  return <ImportPeople provider={provider} key={slug} />;
}

function ImportPeople({ provider }: { provider: ProviderStatus }) {
  const { search = '', status } = useSearch({ from: '/workspace/contacts/$provider' });
  const navigate = useNavigate({ from: '/contacts/$provider' });
  const [selection, select] = useState<Selection>(NOBODY);
  const [mode, setMode] = useState<RunMode>('selective');
  const [started, start] = useState<string | null>(null);
  const { busy, problem, submit } = useSubmit();
  const { connection } = provider;
  const running = connection?.running?.run_id;
  const { run } = useRun(running ?? started);
  const alive = run && !isFinal(run);
  const active = connection?.state === 'active';

  useEffect(() => {
    if (status !== 'connected') return;
    toast({ id: 'connected', title: `${provider.name} is connected`, message: 'Choose whom to import.' });
    void navigate({ search: (old) => ({ search: old.search }), replace: true });
  }, [status, provider.name, navigate]);

  const go = () =>
    submit(async () => {
      const ids = mode === 'selective' ? [...selection] : undefined;
      const { run_id, already_running } = await startSync(provider.provider, mode, ids);
      watchRun(run_id);
      start(run_id);
      if (already_running)
        toast({ title: 'An import was already running', message: 'You see its progress here.' });
      else select(NOBODY);
      await refreshConnections();
    });

  return (
    <>
      <PageHead
        title={`Import from ${provider.name}`}
        lead={<ProviderTile name={provider.name} color={provider.color} large />}
      />
      {connection && connection.state !== 'disconnected' && <ConnectionBanner provider={provider} />}
      {(!connection || connection.state === 'disconnected') && <ConnectFirst provider={provider} />}
      {active && (
        <div className="split">
          <PeopleList
            provider={provider}
            search={search}
            onSearch={(text) => void navigate({ search: text ? { search: text } : {}, replace: true })}
            selection={selection}
            onSelection={(next) => {
              select(next);
              if (next.size > 0) setMode('selective');
            }}
            onEveryone={() => {
              select(NOBODY);
              setMode('full');
            }}
          />
          <ImportPanel
            provider={provider}
            mode={mode}
            onMode={setMode}
            selected={selection.size}
            busy={busy}
            problem={problem}
            onStart={() => void go()}
            running={alive ? <RunProgress run={run} link /> : null}
            result={run && isFinal(run) && started === run.id ? <RunResult run={run} /> : null}
          />
        </div>
      )}
    </>
  );
}
