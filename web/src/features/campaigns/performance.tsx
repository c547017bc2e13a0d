import { useState } from 'react';
import type { Performance as Counted } from '../../api/schemas';
import { count } from '../../ui/figures';
import { share, steps, takeaway } from './words';

/** How far the campaign came: a sentence, bars, and the same as a table on demand. */
export function Performance({ performance }: { performance: Counted }) {
  const [asTable, setAsTable] = useState(false);
  const rows = steps(performance);
  const most = Math.max(1, ...rows.map((r) => r.n));
  return (
    <section className="performance" aria-label="Performance">
      <header>
        <h2>Performance</h2>
        <button type="button" className="link" aria-pressed={asTable} onClick={() => setAsTable((t) => !t)}>
          {asTable ? 'Show as chart' : 'Show as table'}
        </button>
      </header>
      <p className="takeaway">{takeaway(performance)}</p>
      {asTable ? (
        <table className="steps">
          <thead>
            <tr>
              <th scope="col">Step</th>
              <th scope="col">Count</th>
              <th scope="col">Of contacts</th>
            </tr>
          </thead>
          <tbody>
            {rows.map((r) => (
              <tr key={r.key}>
                <th scope="row">{r.word}</th>
                <td>{count(r.n)}</td>
                <td>{share(r.n, performance.contacts)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      ) : (
        <figure className="funnel" role="img" aria-label={`Performance. ${takeaway(performance)}`}>
          {rows.map((r) => (
            <div key={r.key} data-step={r.key}>
              <span>{r.word}</span>
              <i>
                <b style={{ width: `${(r.n / most) * 100}%` }} data-none={r.n === 0 || undefined} />
              </i>
              <span className="num">{count(r.n)}</span>
            </div>
          ))}
        </figure>
      )}
      <p className="hint">
        Counted are activities that name this campaign, and those of its contacts that name none and lie
        between its days.
      </p>
    </section>
  );
}
