import { Button } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { statusQuery } from '../api/integrations';
import { asProblem } from '../api/problem';
import { ConnectOutcome } from '../features/integrations/outcome';
import { ProviderCard } from '../features/integrations/provider-card';
import { EmptyState } from '../ui/empty-state';
import { PageHead } from '../ui/page-head';
import { SkeletonRows } from '../ui/skeleton-rows';

export function IntegrationsRoute() {
  const { integration, status, reason, problem } = useSearch({ from: '/workspace/integrations' });
  const navigate = useNavigate();
  const { data, error, refetch } = useQuery(statusQuery);
  const failed = status === 'error' || Boolean(problem);
  const name = data?.providers.find((p) => p.provider === integration)?.name ?? 'The provider';
  return (
    <>
      <PageHead title="Integrations" />
      {failed && data && (
        <ConnectOutcome
          name={name}
          reason={reason ?? problem}
          onDismiss={() => void navigate({ to: '/integrations', replace: true })}
        />
      )}
      <div className="body">
        {error && !data ? (
          <EmptyState
            kind="failed"
            title="The connections could not be loaded"
            action={<Button onClick={() => void refetch()}>Try again</Button>}
          >
            {asProblem(error).message}
          </EmptyState>
        ) : data ? (
          data.providers.map((p) => <ProviderCard key={p.provider} provider={p} />)
        ) : (
          <SkeletonRows rows={4} height={96} />
        )}
      </div>
    </>
  );
}
