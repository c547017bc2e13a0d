import { Button } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { pushContacts, qualifyingQuery, refreshDeliveries } from '../../api/deliveries';
import { may, useSession } from '../../api/session';
import { useSubmit } from '../../api/use-submit';
import { count, counted } from '../../ui/figures';
import { toast } from '../../ui/toast';

/** Warm contacts that the CRM does not have: offered, never sent without somebody asking. */
export function SendWarm({ provider, name }: { provider: string; name: string }) {
  const session = useSession();
  const works = may(session, 'work_contacts');
  const { data } = useQuery({ ...qualifyingQuery(provider), enabled: works, retry: false });
  const { busy, problem, submit } = useSubmit();
  const n = data?.qualifying ?? 0;
  if (!works || n === 0) return null;
  const send = () =>
    submit(async () => {
      const { queued, held, remaining } = await pushContacts(provider);
      toast({
        id: `push-${provider}`,
        long: true,
        title:
          queued > 0
            ? `${counted(queued, 'warm contact goes', 'warm contacts go')} to ${name}`
            : `${counted(held, 'warm contact is', 'warm contacts are')} held back`,
        message: (
          <>
            {remaining > 0 && `${count(remaining)} more are left for another go. `}
            <Link to="/sync-logs/deliveries" search={{ provider }}>
              See how they arrive
            </Link>
          </>
        ),
      });
      await refreshDeliveries();
    });
  return (
    <>
      <Button variant="default" size="compact-sm" loading={busy} onClick={() => void send()}>
        Send {counted(n, 'warm contact', 'warm contacts')} to {name}
      </Button>
      {problem && (
        <span role="alert" className="st" data-tone="bad">
          {problem.message}
        </span>
      )}
    </>
  );
}
