import { Progress } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import type { Connection } from '../../api/schemas';
import { counted, humanize } from '../../ui/figures';
import { Moment } from '../../ui/moment';
import { Hearing } from './hearing';
import { account, budgetWords, forecastWords } from './state';

type Props = { connection: Connection; unit: string };

export function ConnectionFacts({ connection: c, unit }: Props) {
  const { budget } = c;
  const used = budget.daily_limit
    ? Math.min(100, ((budget.daily_used ?? 0) / budget.daily_limit) * 100)
    : null;
  return (
    <>
      <dl className="facts">
        <dt>Account</dt>
        <dd>{account(c)}</dd>
        <dt>Signed in there as</dt>
        <dd>{c.account_user ?? <span className="dim">Unknown</span>}</dd>
        {c.also_installed_by.length > 0 && (
          <>
            <dt>Also installed by</dt>
            <dd>{c.also_installed_by.join(', ')}</dd>
          </>
        )}
        <dt>Connected by</dt>
        <dd>
          {c.connected_by?.name ?? 'A former member'}, <Moment at={c.connected_at} none="time unknown" />
        </dd>
        <dt>Linked here</dt>
        <dd>{counted(c.contacts_linked, 'contact', 'contacts')}</dd>
      </dl>
      <dl className="facts">
        <dt>Last sync</dt>
        <dd>
          {c.running ? (
            <Link to="/sync-logs/$id" params={{ id: c.running.run_id }}>
              Running now
            </Link>
          ) : c.last_sync ? (
            <>
              <Link to="/sync-logs/$id" params={{ id: c.last_sync.run_id }}>
                {humanize(c.last_sync.state)}
              </Link>{' '}
              <Moment at={c.last_sync.finished_at} none="" />
            </>
          ) : (
            <span className="dim">None yet</span>
          )}
        </dd>
        {c.state === 'active' && (
          <>
            <dt>Changes there</dt>
            <dd>
              <Hearing changes={c.changes} webhooks={c.webhooks} />
            </dd>
          </>
        )}
        <dt>Budget</dt>
        <dd>
          {budgetWords(c, unit)}
          {used !== null && <Progress value={used} size={4} mt={6} aria-label={`Daily ${unit}s used`} />}
          <div className="hint">
            Imports leave {budget.reserve_percent} % to people.{' '}
            {budget.resets_at ? (
              <>
                It starts afresh <Moment at={budget.resets_at} />, as it did before.
              </>
            ) : (
              'It starts afresh once a day; the provider does not say when.'
            )}
          </div>
        </dd>
        <dt>Importing everyone</dt>
        <dd>{forecastWords(c, unit)}</dd>
      </dl>
    </>
  );
}
