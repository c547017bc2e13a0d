import { count } from '../../ui/figures';
import { ceiling } from './scale';

export type Series = { key: string; word: string };
export type TimeItem = { label: string; title: string; parts: Record<string, number> | null };

type TimeProps = { label: string; series: Series[]; items: TimeItem[] };

/** Bars over time, parts on top of each other. Where nobody knows, there is no bar but a mark. */
export function TimeBars({ label, series, items }: TimeProps) {
  const sums = items.map(({ parts }) => Object.values(parts ?? {}).reduce((a, b) => a + b, 0));
  const top = ceiling(Math.max(0, ...sums));
  const every = Math.ceil(items.length / 8);
  const columns = { gridTemplateColumns: `repeat(${items.length}, minmax(0, 1fr))` };
  return (
    <figure className="time-bars">
      <div className="plot" role="img" aria-label={label} style={columns}>
        {[1, 0.5, 0].map((part) => (
          <span key={part} className="rule" style={{ bottom: `${part * 100}%` }}>
            <i className="num">{count(top * part)}</i>
          </span>
        ))}
        {items.map(({ label: day, title, parts }) => (
          <span key={`${day}-${title}`} className="stack" title={title} data-unknown={!parts || undefined}>
            {series.map(({ key }) => {
              const n = parts?.[key] ?? 0;
              return n > 0 ? (
                <b key={key} data-series={key} style={{ height: `${(n / top) * 100}%` }} />
              ) : null;
            })}
          </span>
        ))}
      </div>
      <div className="days num" aria-hidden style={columns}>
        {items.map(({ label: day, title }, at) => (
          <span key={`${day}-${title}`}>{at % every === 0 ? day : ''}</span>
        ))}
      </div>
      <Legend series={series} />
    </figure>
  );
}

const Legend = ({ series }: { series: Series[] }) => (
  <figcaption>
    {series.map(({ key, word }) => (
      <span key={key} className="key" data-series={key}>
        {word}
      </span>
    ))}
  </figcaption>
);

export type Row = { key: string; word: string; n: number; note?: string; series?: string };

/** Bars beside each other's names, the longest as wide as there is room. */
export function RowBars({ label, rows }: { label: string; rows: Row[] }) {
  const most = Math.max(1, ...rows.map((row) => row.n));
  return (
    <figure className="row-bars" role="img" aria-label={label}>
      {rows.map(({ key, word, n, note, series }) => (
        <div key={key}>
          <span className="word" title={word}>
            {word}
          </span>
          <i>
            <b
              data-series={series ?? 'done'}
              style={{ width: `${(n / most) * 100}%` }}
              data-none={n === 0 || undefined}
            />
          </i>
          <span className="num">{count(n)}</span>
          {note && <span className="dim">{note}</span>}
        </div>
      ))}
    </figure>
  );
}
