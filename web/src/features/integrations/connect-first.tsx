import type { ProviderStatus } from '../../api/schemas';
import { may, useSession } from '../../api/session';
import { EmptyState } from '../../ui/empty-state';
import { Asks, ConnectButton } from './consent';

/** The import page before there is a connection: what connecting means, and who may do it. */
export function ConnectFirst({ provider }: { provider: ProviderStatus }) {
  const session = useSession();
  const again = provider.connection?.state === 'disconnected';
  if (!provider.configured)
    return (
      <EmptyState kind="first" title={`${provider.name} is not set up on this server`}>
        {provider.setup_hint}
      </EmptyState>
    );
  if (!may(session, 'manage_connections'))
    return (
      <EmptyState kind="no-permission" title={`${provider.name} is not connected`}>
        Ask an owner or admin of your company to connect it. You can import people afterwards.
      </EmptyState>
    );
  return (
    <div className="body">
      <EmptyState
        kind="first"
        title={again ? `Connect ${provider.name} again` : `Connect ${provider.name} to see its people`}
        action={<ConnectButton provider={provider} again={again} />}
      >
        You are sent to {provider.name} to allow access, and come back here. Nothing is imported until you
        choose whom.
      </EmptyState>
      <div className="section">
        <Asks provider={provider} />
      </div>
    </div>
  );
}
