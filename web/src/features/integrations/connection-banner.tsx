import { Link } from '@tanstack/react-router';
import type { ProviderStatus } from '../../api/schemas';
import { may, useSession } from '../../api/session';
import { Banner } from '../../ui/banner';
import { Moment } from '../../ui/moment';
import { StatusWord } from '../../ui/status-word';
import { ConnectButton } from './consent';
import { ResumeButton } from './resume-button';
import { account, budgetWords, standing } from './state';

/** The connection on the page that lives on it: how it stands, as whom, and the one action it needs. */
export function ConnectionBanner({ provider }: { provider: ProviderStatus }) {
  const session = useSession();
  const { connection } = provider;
  if (!connection) return null;
  const now = standing(provider);
  const manages = may(session, 'manage_connections');
  const act =
    connection.state === 'needs_reconnect' ? (
      <ConnectButton provider={provider} again />
    ) : connection.state === 'paused' ? (
      <ResumeButton provider={provider} />
    ) : (
      <Link to="/integrations">Manage</Link>
    );
  return (
    <Banner
      tone={now.tone === 'bad' ? 'bad' : now.tone === 'warn' ? 'warn' : 'note'}
      slim
      label="Connection"
      title={
        <>
          <StatusWord tone={now.tone}>{now.word}</StatusWord>
          <span>{account(connection)}</span>
        </>
      }
      actions={manages ? act : null}
    >
      {connection.state_reason ? `${connection.state_reason} ` : ''}
      {connection.account_user && `Signed in as ${connection.account_user}. `}
      Last import <Moment at={connection.last_sync?.finished_at} none="not yet" />.{' '}
      {budgetWords(connection, provider.budget_unit)}.
      {connection.state !== 'active' && !manages && ' Ask an owner or admin of your company.'}
    </Banner>
  );
}
