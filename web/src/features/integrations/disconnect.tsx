import { Button, Modal } from '@mantine/core';
import { useState } from 'react';
import { disconnect, refreshConnections } from '../../api/integrations';
import type { ProviderStatus } from '../../api/schemas';
import { useSubmit } from '../../api/use-submit';
import { counted } from '../../ui/figures';
import { FormProblem } from '../../ui/form-problem';
import { toast } from '../../ui/toast';

/** Says what stays and what stops; the button that does it names the provider. */
export function DisconnectButton({ provider }: { provider: ProviderStatus }) {
  const [opened, open] = useState(false);
  const { busy, problem, submit } = useSubmit();
  const linked = provider.connection?.contacts_linked ?? 0;
  const go = () =>
    submit(async () => {
      const { contacts_kept } = await disconnect(provider.provider);
      open(false);
      toast({
        title: `${provider.name} is disconnected`,
        message: `${counted(contacts_kept, 'contact', 'contacts')} and their links stay in your book.`,
      });
      await refreshConnections();
    });
  return (
    <>
      <Button variant="subtle" color="gray" onClick={() => open(true)}>
        Disconnect
      </Button>
      <Modal
        opened={opened}
        onClose={() => open(false)}
        title={`Disconnect ${provider.name}`}
        closeButtonProps={{ 'aria-label': 'Close' }}
      >
        <div className="stackv">
          {problem && (
            <FormProblem key={problem.message} title={problem.message} requestId={problem.requestId} />
          )}
          <section>
            <h3>What stays</h3>
            <ul className="plain">
              <li>
                {counted(linked, 'imported contact', 'imported contacts')}, with everything you noted on them
              </li>
              <li>Their links, so that connecting again goes on where you stopped</li>
              <li>The sync log</li>
            </ul>
          </section>
          <section>
            <h3>What stops</h3>
            <ul className="plain">
              <li>Imports and checks for changes; a running import is cancelled</li>
              <li>Our access: it is given back at {provider.name} and destroyed here</li>
            </ul>
          </section>
          <p className="hint">Nothing changes in {provider.name}. The data can be deleted here afterwards.</p>
          <div className="row-acts">
            <Button color="ember" loading={busy} onClick={() => void go()}>
              Disconnect {provider.name}
            </Button>
            <Button variant="default" onClick={() => open(false)}>
              Keep connected
            </Button>
          </div>
        </div>
      </Modal>
    </>
  );
}
