import type { ProviderStatus } from '../../api/schemas';
import { may, useSession } from '../../api/session';
import { humanize } from '../../ui/figures';
import { LinkButton } from '../../ui/link-button';
import { ProviderTile } from '../../ui/provider-tile';
import { StatusWord } from '../../ui/status-word';
import { Backlog } from './backlog';
import { BudgetUse } from './budget-use';
import { ConnectionFacts } from './connection-facts';
import { Asks, Before, ConnectButton } from './consent';
import { DeleteDataButton } from './delete-data';
import { DisconnectButton } from './disconnect';
import { ResumeButton } from './resume-button';
import { SearchButton } from './search-button';
import { standing } from './state';

export function ProviderCard({ provider }: { provider: ProviderStatus }) {
  const session = useSession();
  const { connection } = provider;
  const now = standing(provider);
  const alive = connection && connection.state !== 'disconnected';
  return (
    <section className="provider" aria-label={provider.name}>
      <header>
        <ProviderTile name={provider.name} color={provider.color} large />
        <div>
          <h2>{provider.name}</h2>
          <StatusWord tone={now.tone}>{now.word}</StatusWord>
        </div>
        <div className="acts">
          {may(session, 'manage_connections') ? (
            <Actions provider={provider} />
          ) : (
            alive && <OpenImport provider={provider} />
          )}
          {alive && <SearchButton provider={provider} />}
        </div>
      </header>
      <Explain provider={provider} manages={may(session, 'manage_connections')} />
      {alive && <ConnectionFacts connection={connection} unit={provider.budget_unit} />}
      {alive && <Backlog provider={provider} />}
      {alive && <BudgetUse provider={provider} />}
      {!alive && provider.allowed && provider.configured && provider.before.length > 0 && (
        <details className="wide">
          <summary>Before anybody can connect {provider.name}</summary>
          <Before provider={provider} />
        </details>
      )}
      {!alive && provider.allowed && provider.configured && (
        <details className="wide">
          <summary>What Tandem asks {provider.name} for</summary>
          <div className="stackv" style={{ marginTop: 10 }}>
            <Asks provider={provider} />
          </div>
        </details>
      )}
    </section>
  );
}

const OpenImport = ({ provider }: { provider: ProviderStatus }) => (
  <LinkButton to="/contacts/$provider" params={{ provider: provider.provider }} variant="default">
    Import people
  </LinkButton>
);

function Actions({ provider }: { provider: ProviderStatus }) {
  const { connection } = provider;
  if (connection?.state === 'paused')
    return (
      <>
        <DisconnectButton provider={provider} />
        <ResumeButton provider={provider} />
      </>
    );
  if (!provider.allowed)
    return (
      <LinkButton
        to="/billing"
        search={{ plan: provider.upgrade_to ?? undefined, from: provider.provider }}
        variant="default"
      >
        {provider.upgrade_to ? `Upgrade to ${humanize(provider.upgrade_to)}` : 'Compare plans'}
      </LinkButton>
    );
  if (connection?.state === 'active')
    return (
      <>
        <DisconnectButton provider={provider} />
        {connection.missing_scopes.length > 0 && <ConnectButton provider={provider} again />}
        <OpenImport provider={provider} />
      </>
    );
  if (connection?.state === 'needs_reconnect')
    return (
      <>
        <DisconnectButton provider={provider} />
        <ConnectButton provider={provider} again />
      </>
    );
  if (!provider.configured) return null;
  return (
    <>
      {connection?.state === 'disconnected' && connection.account_name && (
        <DeleteDataButton provider={provider} />
      )}
      <ConnectButton provider={provider} again={connection?.state === 'disconnected'} />
    </>
  );
}

/** Why it stands as it does, and whose move it is. */
function Explain({ provider, manages }: { provider: ProviderStatus; manages: boolean }) {
  const { connection } = provider;
  const ask = manages ? '' : ' Ask an owner or admin of your company.';
  if (connection && connection.state !== 'disconnected') {
    const missing = connection.missing_scopes.length;
    if (connection.state_reason)
      return <p className="wide">{connection.state_reason + (connection.state === 'active' ? '' : ask)}</p>;
    if (connection.state === 'needs_reconnect')
      return (
        <p className="wide">
          {provider.name} ended our access. Reconnect to go on; links and history are kept.{ask}
        </p>
      );
    if (connection.state === 'paused')
      return (
        <p className="wide">
          Your plan does not include {provider.name}. Nothing was deleted and nothing runs.{ask}
        </p>
      );
    if (missing > 0)
      return <p className="wide">Some permissions are missing. Reconnect and allow all of them.{ask}</p>;
    return null;
  }
  if (!provider.configured)
    return <p className="wide">{provider.setup_hint ?? 'Not set up on this server.'}</p>;
  if (!provider.allowed)
    return (
      <p className="wide">
        Part of the {humanize(provider.upgrade_to ?? 'next')} plan.{ask}
      </p>
    );
  if (connection)
    return (
      <p className="wide">
        {connection.state_reason ?? `${connection.account_name} was disconnected.`}{' '}
        {connection.contacts_linked > 0 &&
          !connection.state_reason &&
          'Its contacts and links are still here.'}
        {ask}
      </p>
    );
  return manages ? null : <p className="wide">Nobody has connected it yet.{ask}</p>;
}
