import { Button } from '@mantine/core';
import { pushContacts, refreshDeliveries } from '../../api/deliveries';
import type { Contact, ProviderStatus } from '../../api/schemas';
import { may, useSession } from '../../api/session';
import { useSubmit } from '../../api/use-submit';
import { toast } from '../../ui/toast';

/** Sends one person who does not qualify by itself. */
export function SendContact({ contact, provider }: { contact: Contact; provider: ProviderStatus }) {
  const session = useSession();
  const { busy, problem, submit } = useSubmit();
  if (!may(session, 'work_contacts') || !provider.allowed || !provider.connection) return null;
  if (provider.connection.state === 'disconnected') return null;
  const send = () =>
    submit(async () => {
      const { items } = await pushContacts(provider.provider, [contact.id]);
      if (items[0]?.outcome === 'linked')
        toast({ title: `${provider.name} has ${contact.full_name} already` });
      await refreshDeliveries();
    });
  return (
    <>
      <Button variant="default" size="compact-sm" loading={busy} onClick={() => void send()}>
        Send to {provider.name}
      </Button>
      {problem && (
        <span role="alert" className="st" data-tone="bad">
          {problem.message}
        </span>
      )}
    </>
  );
}
