import { Link, useParams, useSearch } from '@tanstack/react-router';
import { lazy, Suspense } from 'react';
import { useRun } from '../api/follow-run';
import { asProblem } from '../api/problem';
import { isFinal } from '../api/run-order';
import { EntriesFile } from '../features/runs/entries-file';
import { EntryList } from '../features/runs/entry-list';
import { Reconciliation } from '../features/runs/reconciliation';
import { ResumeRun } from '../features/runs/run-actions';
import { RunFacts } from '../features/runs/run-facts';
import { RunProgress } from '../features/runs/run-progress';
import { modeWords, OUTCOMES, outcomeOf, STATE, stateSentence } from '../features/runs/words';
import { EmptyState } from '../ui/empty-state';
import { LinkButton } from '../ui/link-button';
import { PageHead } from '../ui/page-head';
import { ScrollRegion } from '../ui/scroll-region';
import { SkeletonRows } from '../ui/skeleton-rows';
import { StatusWord } from '../ui/status-word';

const BadRows = lazy(async () => {
  await import('../styles/csv.css');
  return { default: (await import('../features/csv/bad-rows')).BadRows };
});

export function RunRoute() {
  const { id } = useParams({ from: '/workspace/sync-logs/$id' });
  const { outcome } = useSearch({ from: '/workspace/sync-logs/$id' });
  const { run, error } = useRun(id);
  if (!run)
    return (
      <>
        <PageHead title="Run" />
        {error ? (
          <EmptyState
            kind="failed"
            title={asProblem(error).status === 404 ? 'There is no such run' : 'The run could not be loaded'}
            action={<LinkButton to="/sync-logs">All runs</LinkButton>}
          >
            {asProblem(error).status === 404 ? 'It may belong to another company.' : asProblem(error).message}
          </EmptyState>
        ) : (
          <SkeletonRows />
        )}
      </>
    );
  const state = STATE[run.state];
  const over = isFinal(run);
  const filter = OUTCOMES.find((o) => o.key === outcomeOf(outcome));
  return (
    <>
      <PageHead title={`${modeWords(run)} from ${run.provider_name}`}>
        <Link to="/sync-logs" activeOptions={{ exact: true }}>
          All runs
        </Link>
      </PageHead>
      <ScrollRegion className="body" label="The run">
        <section className="section" aria-label="State">
          <p role="status">
            <StatusWord tone={state.tone}>{state.word}</StatusWord>. {stateSentence(run)}{' '}
            {over && run.state_reason}
          </p>
          {run.limit_reached && (
            <p>
              It stopped at the contact limit of your plan and kept what fitted.{' '}
              <Link to="/billing">Compare plans</Link>
            </p>
          )}
          {!over && <RunProgress run={run} />}
          {over && run.resumable && run.state !== 'completed' && <ResumeRun run={run} />}
        </section>
        {run.fixes && (
          <p className="section">
            These rows were corrected from{' '}
            <Link to="/sync-logs/$id" params={{ id: run.fixes }}>
              the import of their file
            </Link>
            .
          </p>
        )}
        {over && run.has_file && run.counts.quarantined > 0 && (
          <Suspense fallback={null}>
            <BadRows key={run.id} run={run} />
          </Suspense>
        )}
        <Reconciliation run={run} outcome={outcomeOf(outcome)} />
        <RunFacts run={run} />
        <section aria-label="Entries">
          <div className="section">
            <h2>
              {filter ? `${filter.word} entries` : 'Entries'}
              {over && <EntriesFile run={run} outcome={outcomeOf(outcome)} />}
              {filter && (
                <Link to="/sync-logs/$id" params={{ id }} replace resetScroll={false} className="chip">
                  Show all
                </Link>
              )}
            </h2>
          </div>
          <EntryList run={run} outcome={outcomeOf(outcome)} />
        </section>
      </ScrollRegion>
    </>
  );
}
