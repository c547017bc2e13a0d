import { Link } from '@tanstack/react-router';
import { reconcile } from '../../api/run-order';
import type { Run } from '../../api/schemas';
import { count } from '../../ui/figures';
import { StatusWord } from '../../ui/status-word';
import { OUTCOMES } from './words';

/** Every person that was read is in exactly one of seven counts; the reader can add them up. */
export function Reconciliation({ run, outcome }: { run: Run; outcome: string | undefined }) {
  const sum = reconcile(run);
  return (
    <section className="section" aria-label="Reconciliation">
      <h2>
        What happened to each person
        {sum.holds ? (
          <StatusWord tone="ok">Adds up</StatusWord>
        ) : (
          <StatusWord tone="bad">Does not add up</StatusWord>
        )}
      </h2>
      <ul className="equation">
        <li className="whole">
          <span className="term sum">
            <b data-testid="seen">{count(sum.seen)}</b> <span>read</span>
          </span>
          <span className="op" aria-hidden>
            =
          </span>
        </li>
        {OUTCOMES.map(({ key, word, means }, i) => {
          const n = run.counts[key];
          const inside = (
            <>
              <b data-testid={`count-${key}`}>{count(n)}</b> <span>{word}</span>
            </>
          );
          return (
            <li key={key}>
              {i > 0 && (
                <span className="op" aria-hidden>
                  +
                </span>
              )}
              {key === 'unchanged' || n === 0 ? (
                <span className="term" title={means}>
                  {inside}
                </span>
              ) : (
                <Link
                  to="/sync-logs/$id"
                  params={{ id: run.id }}
                  search={outcome === key ? {} : { outcome: key }}
                  replace
                  resetScroll={false}
                  className="term"
                  title={means}
                  aria-current={outcome === key ? 'true' : undefined}
                  activeOptions={{ exact: true, includeSearch: true }}
                >
                  {inside}
                </Link>
              )}
            </li>
          );
        })}
      </ul>
      <p className="hint num">
        {sum.holds
          ? `${count(sum.seen)} read = ${count(sum.parts)} accounted for.`
          : `${count(sum.seen)} read, but ${count(sum.parts)} accounted for: ${count(Math.abs(sum.gap))} ${sum.gap > 0 ? 'are missing' : 'too many'}. Please tell us the number of this run.`}
      </p>
    </section>
  );
}
