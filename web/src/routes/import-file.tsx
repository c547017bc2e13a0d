import '../styles/csv.css';
import { Button } from '@mantine/core';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { readFileAs, startFile } from '../api/csv';
import type { CsvColumn, CsvFile } from '../api/schemas';
import { useSubmit } from '../api/use-submit';
import { watchRun } from '../api/watched-runs';
import { ChooseFile } from '../features/csv/choose-file';
import { Columns } from '../features/csv/columns';
import { Reading } from '../features/csv/reading';
import { inTheWay } from '../features/csv/words';
import { counted } from '../ui/figures';
import { FormProblem } from '../ui/form-problem';
import { PageHead } from '../ui/page-head';

/** From a file to a run: the file, what its columns become, and then the run's own page. */
export function ImportFileRoute() {
  const [brought, bring] = useState<{ file: CsvFile; name: string } | null>(null);
  return (
    <>
      <PageHead title="Import from a CSV file" sub={brought?.name}>
        {brought && (
          <Button variant="default" onClick={() => bring(null)}>
            Another file
          </Button>
        )}
      </PageHead>
      <div className="body">
        {brought ? (
          <MapColumns key={brought.file.id} brought={brought.file} />
        ) : (
          <ChooseFile onFile={(file, name) => bring({ file, name })} />
        )}
      </div>
    </>
  );
}

function MapColumns({ brought }: { brought: CsvFile }) {
  const navigate = useNavigate();
  const [file, read] = useState(brought);
  const [columns, set] = useState<CsvColumn[]>(brought.columns);
  const { busy, problem, submit } = useSubmit();
  const wrong = inTheWay(columns);
  const { id, charset, delimiter, header } = file;
  return (
    <>
      <section className="section" aria-label="How it is read">
        <Reading
          file={file}
          onChange={(part) =>
            void submit(async () => {
              const again = await readFileAs(id, { charset, delimiter, header, ...part });
              read(again);
              set(again.columns);
            })
          }
        />
      </section>
      <section aria-label="Columns">
        <div className="section">
          <h2>What each column becomes</h2>
          <p className="hint num">
            {counted(columns.length, 'column', 'columns')}, about {counted(file.rows, 'row', 'rows')}.
          </p>
        </div>
        <Columns
          file={file}
          columns={columns}
          onField={(at, field) => set((all) => all.map((c, i) => (i === at ? { ...c, field } : c)))}
        />
      </section>
      <div className="csv-start">
        {problem && (
          <FormProblem key={problem.message} title={problem.message} requestId={problem.requestId} />
        )}
        <Button
          loading={busy}
          disabled={wrong !== null}
          onClick={() =>
            void submit(async () => {
              const { run_id } = await startFile(id, { charset, delimiter, header, columns });
              watchRun(run_id);
              await navigate({ to: '/sync-logs/$id', params: { id: run_id } });
            })
          }
        >
          Import {counted(file.rows, 'row', 'rows')}
        </Button>
        {wrong && <span role="status">{wrong}</span>}
      </div>
    </>
  );
}
