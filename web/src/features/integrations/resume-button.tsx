import { Button } from '@mantine/core';
import { refreshConnections, resumeConnection } from '../../api/integrations';
import type { ProviderStatus } from '../../api/schemas';
import { useSubmit } from '../../api/use-submit';
import { LinkButton } from '../../ui/link-button';
import { toast } from '../../ui/toast';

export function ResumeButton({ provider }: { provider: ProviderStatus }) {
  const { busy, problem, submit } = useSubmit();
  if (!provider.allowed)
    return (
      <LinkButton to="/billing" search={{ plan: provider.upgrade_to ?? undefined, from: provider.provider }}>
        See the plan that has it
      </LinkButton>
    );
  return (
    <>
      <Button
        loading={busy}
        onClick={() =>
          void submit(async () => {
            await resumeConnection(provider.provider);
            toast({ title: `${provider.name} is connected again` });
            await refreshConnections();
          })
        }
      >
        Resume {provider.name}
      </Button>
      {problem && <span role="alert">{problem.message}</span>}
    </>
  );
}
