import { Button, TextInput } from '@mantine/core';
import { useInfiniteQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useRef, useState } from 'react';
import { queryClient } from '../../api/client';
import { badRowsAddress, badRowsQuery, correctRows } from '../../api/csv';
import type { BadRow, Run } from '../../api/schemas';
import { useSubmit } from '../../api/use-submit';
import { watchRun } from '../../api/watched-runs';
import { count, counted } from '../../ui/figures';
import { FormProblem } from '../../ui/form-problem';

/** Rows that could not be read, to be corrected where they stand: only those run again. */
export function BadRows({ run }: { run: Run }) {
  const query = useInfiniteQuery(badRowsQuery(run.id));
  const navigate = useNavigate();
  const [opened, open] = useState<number | null>(null);
  const [edited, edit] = useState<Record<number, string[]>>({});
  const key = useRef<string>(crypto.randomUUID());
  const { busy, problem, submit } = useSubmit();
  const first = query.data?.pages[0];
  if (!first || first.total === 0) return null;
  const rows = query.data?.pages.flatMap((page) => page.items) ?? [];
  const ready = Object.entries(edited).map(([row, cells]) => ({ row: Number(row), cells }));
  const send = () =>
    submit(async () => {
      const { run_id } = await correctRows(run.id, ready, key.current);
      key.current = crypto.randomUUID();
      edit({});
      open(null);
      watchRun(run_id);
      void queryClient.invalidateQueries({ queryKey: ['runs'] });
      await navigate({ to: '/sync-logs/$id', params: { id: run_id } });
    });
  return (
    <section className="section" aria-label="Rows to correct">
      <h2>
        {counted(first.total, 'row', 'rows')} to correct
        <a href={badRowsAddress(run.id)} download className="chip">
          Download as CSV
        </a>
      </h2>
      <p className="hint">Correct them here, or in the file. They are kept for 30 days.</p>
      {problem && <FormProblem key={problem.message} title={problem.message} requestId={problem.requestId} />}
      <ul className="csv-bad">
        {rows.map((row) => (
          <li key={row.row}>
            <div className="csv-bad-head">
              <b className="num">Row {count(row.row)}</b>
              <span className="csv-reason">{row.reason}</span>
              {edited[row.row] && <span className="dim">Corrected</span>}
              <Button
                size="xs"
                variant="default"
                aria-expanded={opened === row.row}
                aria-label={`${opened === row.row ? 'Close' : 'Correct'} row ${row.row}`}
                onClick={() => open(opened === row.row ? null : row.row)}
              >
                {opened === row.row ? 'Close' : 'Correct'}
              </Button>
            </div>
            {opened === row.row && (
              <Cells
                row={row}
                columns={first.columns}
                cells={edited[row.row] ?? row.cells}
                onCells={(cells) => edit((all) => ({ ...all, [row.row]: cells }))}
              />
            )}
          </li>
        ))}
      </ul>
      <div className="row-acts">
        <Button loading={busy} disabled={ready.length === 0} onClick={() => void send()}>
          {ready.length === 0 ? 'Import corrected rows' : `Import ${counted(ready.length, 'row', 'rows')}`}
        </Button>
        {query.hasNextPage && (
          <Button
            variant="default"
            loading={query.isFetchingNextPage}
            onClick={() => void query.fetchNextPage()}
          >
            Show more rows
          </Button>
        )}
      </div>
    </section>
  );
}

type CellsProps = {
  row: BadRow;
  columns: string[];
  cells: string[];
  onCells: (cells: string[]) => void;
};

function Cells({ row, columns, cells, onCells }: CellsProps) {
  // More cells than columns: the ones too many are joined to the last, where one can see them.
  const shown = columns.map((_, at) =>
    at === columns.length - 1 ? cells.slice(at).filter(Boolean).join(' ') : (cells[at] ?? ''),
  );
  return (
    <div className="csv-cells">
      {columns.map((name, at) => (
        <TextInput
          key={name}
          label={name}
          aria-label={`${name} of row ${row.row}`}
          value={shown[at]}
          onChange={(e) => {
            const { value } = e.currentTarget;
            onCells(shown.map((cell, i) => (i === at ? value : cell)));
          }}
        />
      ))}
    </div>
  );
}
