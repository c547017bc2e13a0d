import { Button, Progress } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { progressOf } from '../../api/run-order';
import { cancelRun } from '../../api/runs';
import type { Run } from '../../api/schemas';
import { useSubmit } from '../../api/use-submit';
import { count, duration } from '../../ui/figures';
import { Moment } from '../../ui/moment';
import { phaseWords, summary } from './words';

/** A run while it lives: how far, how fast, and how to stop it. */
export function RunProgress({ run, link }: { run: Run; link?: boolean }) {
  const { percent, done, of } = progressOf(run);
  const { busy, problem, submit } = useSubmit();
  const pace = [
    run.rate_per_s ? `${count(Math.round(run.rate_per_s))} a second` : null,
    run.eta_s != null ? `about ${duration(run.eta_s)} left` : null,
  ].filter(Boolean);
  return (
    <div className="stackv" data-testid="run-progress">
      <div>
        <div className="progress-words">
          <span role="status">{phaseWords(run)}</span>
          <span className="num">{percent === null ? count(done) : `${percent} %`}</span>
        </div>
        <Progress value={percent ?? 100} animated={percent === null} size="sm" aria-label="Import progress" />
        <p className="hint num">
          {of === null
            ? `${count(done)} read, the total is unknown`
            : `${count(done)} of about ${count(of)} read`}
          {done > 0 && <>: {summary(run)}</>}
          {pace.length > 0 && <>. {pace.join(', ')}</>}.
        </p>
        {run.state === 'waiting' && (
          <p className="hint">
            {run.state_reason ?? 'The limit of the provider is reached.'} Goes on{' '}
            <Moment at={run.waiting_until} none="by itself" />.
          </p>
        )}
      </div>
      {problem && <p role="alert">{problem.message}</p>}
      <div className="row-acts">
        <Button variant="default" loading={busy} onClick={() => void submit(() => cancelRun(run.id))}>
          Cancel import
        </Button>
        {link && (
          <Link to="/sync-logs/$id" params={{ id: run.id }}>
            Open in the sync log
          </Link>
        )}
      </div>
      <p className="hint opt">You can leave this page; the run goes on. Cancelling keeps what is done.</p>
    </div>
  );
}
