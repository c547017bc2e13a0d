import { Link } from '@tanstack/react-router';
import { reconcile } from '../../api/run-order';
import type { Run } from '../../api/schemas';
import { count } from '../../ui/figures';
import { StatusWord } from '../../ui/status-word';
import { resultTitle, STATE, summary } from './words';

/** What the last run did, where it was started. */
export function RunResult({ run }: { run: Run }) {
  const sum = reconcile(run);
  return (
    <section aria-label="Result" data-testid="run-result">
      <StatusWord tone={STATE[run.state].tone}>{resultTitle(run)}</StatusWord>
      <p className="hint num">
        {count(run.seen)} read: {summary(run)}.{run.state_reason && ` ${run.state_reason}`}{' '}
        {sum.holds ? 'It adds up.' : `${count(Math.abs(sum.gap))} are not accounted for.`}{' '}
        <Link to="/sync-logs/$id" params={{ id: run.id }}>
          See what was done
        </Link>
      </p>
    </section>
  );
}
