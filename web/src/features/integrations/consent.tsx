import { Button, Modal, TextInput } from '@mantine/core';
import { useState } from 'react';
import { connectUrl } from '../../api/integrations';
import type { ProviderStatus } from '../../api/schemas';
import { usePhone } from '../../ui/use-phone';
import { loginUrl } from './own-login';

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
          {!again && provider.before.length > 0 && (
            <section>
              <h3>Before you connect</h3>
              <Before provider={provider} />
            </section>
          )}
          <Asks provider={provider} />
          {again && (
            <p className="hint">
              Links, history and settings of this connection are kept. Sign in with the same account; another
              one is refused.
            </p>
          )}
          <Leave provider={provider} again={again} onCancel={() => open(false)} />
        </div>
      </Modal>
    </>
  );
}

type LeaveProps = { provider: ProviderStatus; again?: boolean; onCancel: () => void };

/** The way out; where people sign in at hosts of their own, they say at which, once. */
function Leave({ provider: p, again, onCancel }: LeaveProps) {
  const own = p.own_login;
  const [host, setHost] = useState(own?.host ?? '');
  const [wrong, setWrong] = useState(false);
  // The server knows the way to an account that is connected.
  const known = again && p.connection?.state !== 'disconnected' ? own?.host : undefined;
  const login = own && !known ? loginUrl(host, own) : undefined;
  const url = connectUrl(p.provider, login ?? undefined);
  return (
    <form
      className="stackv"
      onSubmit={(event) => {
        event.preventDefault();
        setWrong(login === null);
        if (login !== null) window.location.assign(url);
      }}
    >
      {known && (
        <p className="hint">
          You sign in at <b className="host">{known}</b>, as before.
        </p>
      )}
      {own && !known && (
        <TextInput
          label={`${own.name} (may be left empty)`}
          description={own.words}
          placeholder={own.example}
          inputMode="url"
          autoCapitalize="none"
          spellCheck={false}
          value={host}
          error={wrong && login === null && `Use an address such as ${own.example}.`}
          onChange={(event) => setHost(event.currentTarget.value)}
        />
      )}
      <div className="row-acts">
        <Button
          component="a"
          href={url}
          data-autofocus
          onClick={(event: React.MouseEvent) => {
            if (login !== null) return;
            event.preventDefault();
            setWrong(true);
          }}
        >
          Continue to {p.name}
        </Button>
        <Button variant="default" onClick={onCancel}>
          Cancel
        </Button>
      </div>
    </form>
  );
}

/** What has to be done at the provider first, in its order. */
export const Before = ({ provider }: { provider: ProviderStatus }) => (
  <ol className="plain">
    {provider.before.map((step) => (
      <li key={step}>{step}</li>
    ))}
  </ol>
);

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
