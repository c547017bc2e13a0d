import { Button, Modal } from '@mantine/core';
import { useState } from 'react';
import { connectUrl } from '../../api/integrations';
import type { ProviderStatus } from '../../api/schemas';
import { usePhone } from '../../ui/use-phone';

/** What the provider will be asked for, in words, before anybody leaves the page. */
export function ConnectButton({ provider, again }: { provider: ProviderStatus; again?: boolean }) {
  const phone = usePhone();
  const [opened, open] = useState(false);
  const verb = again ? 'Reconnect' : 'Connect';
  return (
    <>
      <Button onClick={() => open(true)}>
        {verb} {provider.name}
      </Button>
      <Modal
        opened={opened}
        onClose={() => open(false)}
        title={`${verb} ${provider.name}`}
        fullScreen={phone}
        size={500}
        closeButtonProps={{ 'aria-label': 'Close' }}
      >
        <div className="stackv">
          <Asks provider={provider} />
          {again && (
            <p className="hint">
              Links, history and settings of this connection are kept. Sign in with the same account; another
              one is refused.
            </p>
          )}
          <div className="row-acts">
            <Button component="a" href={connectUrl(provider.provider)} data-autofocus>
              Continue to {provider.name}
            </Button>
            <Button variant="default" onClick={() => open(false)}>
              Cancel
            </Button>
          </div>
        </div>
      </Modal>
    </>
  );
}

export function Asks({ provider }: { provider: ProviderStatus }) {
  return (
    <>
      <section>
        <h3>Tandem will ask {provider.name} for</h3>
        <ul className="plain">
          {provider.asks.map((ask) => (
            <li key={ask.scope}>{ask.words}</li>
          ))}
        </ul>
      </section>
      {provider.never.length > 0 && (
        <section>
          <h3>Tandem never touches</h3>
          <ul className="plain">
            {provider.never.map((words) => (
              <li key={words}>{words}</li>
            ))}
          </ul>
        </section>
      )}
    </>
  );
}
