import { Button } from '@mantine/core';
import { IconDownload } from '@tabler/icons-react';
import { type ReactNode, useState } from 'react';
import { asProblem } from '../../api/problem';
import { EmptyState } from '../../ui/empty-state';
import { ScrollRegion } from '../../ui/scroll-region';
import { SkeletonRows } from '../../ui/skeleton-rows';

export type Numbers = { head: string[]; rows: string[][] };

type Query = { isPending: boolean; error: Error | null; refetch: () => unknown };

type Props = {
  title: string;
  /** One sentence: what a reader should take away. */
  takeaway: string | undefined;
  /** The same as numbers. */
  numbers: Numbers | undefined;
  /** Where the file is. */
  csv: string;
  query: Query;
  note?: ReactNode;
  wide?: boolean;
  /** In the second column. */
  beside?: boolean;
  /** There is nothing to draw; the sentence says so. */
  nothing?: boolean;
  children: ReactNode;
};

/** A chart says what it shows in a sentence, shows its numbers on demand, and gives them away. */
export function Chart({
  title,
  takeaway,
  numbers,
  csv,
  query,
  note,
  wide,
  beside,
  nothing,
  children,
}: Props) {
  const [asTable, setAsTable] = useState(false);
  return (
    <section
      className="report"
      aria-label={title}
      data-wide={wide || undefined}
      data-beside={beside || undefined}
    >
      <header>
        <h2>{title}</h2>
        <div className="row-acts">
          <button type="button" className="link" aria-pressed={asTable} onClick={() => setAsTable((t) => !t)}>
            {asTable ? 'Show as chart' : 'Show as table'}
          </button>
          <a className="link csv" href={csv} download aria-label={`Download ${title} as CSV`}>
            <IconDownload size={14} aria-hidden /> CSV
          </a>
        </div>
      </header>
      {query.isPending ? (
        <SkeletonRows rows={4} />
      ) : query.error && !numbers ? (
        <EmptyState
          kind="failed"
          title="This report could not be loaded"
          action={<Button onClick={() => void query.refetch()}>Try again</Button>}
        >
          {asProblem(query.error).message}
        </EmptyState>
      ) : (
        <>
          <p className="takeaway">{takeaway}</p>
          {asTable && numbers ? <NumberTable title={title} numbers={numbers} /> : !nothing && children}
          {note && <p className="hint">{note}</p>}
        </>
      )}
    </section>
  );
}

function NumberTable({ title, numbers: { head, rows } }: { title: string; numbers: Numbers }) {
  return (
    <ScrollRegion label={`${title}, numbers`} className="numbers">
      <table>
        <thead>
          <tr>
            {head.map((word) => (
              <th scope="col" key={word}>
                {word}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map(([first, ...cells], at) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: two members may have one name
            <tr key={at}>
              <th scope="row">{first}</th>
              {cells.map((cell, i) => (
                <td key={head[i + 1]}>{cell}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </ScrollRegion>
  );
}
