import type { Run } from '../../api/schemas';
import { count, duration } from '../../ui/figures';
import { Moment } from '../../ui/moment';
import { askerWords, modeWords } from './words';

/** Who, when, how long, and what it cost at the provider. */
export function RunFacts({ run }: { run: Run }) {
  const seconds =
    run.started_at && run.finished_at
      ? (Date.parse(run.finished_at) - Date.parse(run.started_at)) / 1000
      : null;
  const facts: [string, React.ReactNode][] = [
    ['Whom', modeWords(run)],
    ['Started by', run.requested_by?.name ?? askerWords(run)],
    ['Started', <Moment key="s" at={run.started_at ?? run.created_at} />],
    ['Took', seconds === null ? '–' : duration(seconds)],
    ...(run.connection_id
      ? ([
          ['Requests', count(run.requests)],
          ['Tokens spent', count(run.tokens_spent)],
        ] as [string, string][])
      : []),
    ['Attempts', count(run.attempts)],
  ];
  const { organizations: o, deals: d } = run;
  return (
    <section className="section" aria-label="About this run">
      <h2>About this run</h2>
      <dl className="stats">
        {facts.map(([term, value]) => (
          <div key={term}>
            <dt>{term}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      {(o.seen > 0 || d.seen > 0) && (
        <p className="num">
          Organizations: {count(o.seen)} read, {count(o.created)} created, {count(o.updated)} updated,{' '}
          {count(o.unchanged)} unchanged. Deals: {count(d.seen)} read, {count(d.written)} kept,{' '}
          {count(d.unchanged)} unchanged{d.quarantined > 0 && `, ${count(d.quarantined)} quarantined`}.
        </p>
      )}
    </section>
  );
}
