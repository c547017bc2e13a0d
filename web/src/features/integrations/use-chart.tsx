import type { BudgetLedger } from '../../api/schemas';
import { count, humanize } from '../../ui/figures';
import { ceiling, dayWords, PURPOSES, takeaway, tokensOf } from './use-words';

const SERIES = PURPOSES.filter((p) => p.key !== 'refresh');

/** Stacked bars, a day each; the numbers are in the table that takes its place on demand. */
export function UseChart({ ledger, unit }: { ledger: BudgetLedger; unit: string }) {
  const top = ceiling(Math.max(...ledger.days.map((d) => d.tokens)));
  return (
    <figure className="use">
      <div className="plot" role="img" aria-label={`${humanize(unit)}s by day. ${takeaway(ledger, unit)}`}>
        {[1, 0.5, 0].map((part) => (
          <span key={part} className="rule" style={{ bottom: `${part * 100}%` }}>
            <i className="num">{count(Math.round(top * part))}</i>
          </span>
        ))}
        {ledger.days.map((day) => (
          <span key={day.day} className="stack" title={`${dayWords(day.day)}: ${count(day.tokens)}`}>
            {SERIES.map(({ key }) => {
              const n = tokensOf(day, key);
              return n > 0 ? (
                <b key={key} data-series={key} style={{ height: `${(n / top) * 100}%` }} />
              ) : null;
            })}
          </span>
        ))}
      </div>
      <div className="days num" aria-hidden>
        {ledger.days.map((day, i) => (
          <span key={day.day}>{i === 13 ? 'Today' : i % 4 === 1 ? dayWords(day.day) : ''}</span>
        ))}
      </div>
      <figcaption>
        {SERIES.map(({ key, word }) => (
          <span key={key} className="key" data-series={key}>
            {word}
          </span>
        ))}
      </figcaption>
    </figure>
  );
}
