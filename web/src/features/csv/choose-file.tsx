import { Button } from '@mantine/core';
import { useRef, useState } from 'react';
import { bringFile, MOST_BYTES } from '../../api/csv';
import type { CsvFile } from '../../api/schemas';
import { useSubmit } from '../../api/use-submit';
import { FormProblem } from '../../ui/form-problem';

/** The file, by choosing or by dropping it. What is too large is not sent at all. */
export function ChooseFile({ onFile }: { onFile: (file: CsvFile, name: string) => void }) {
  const input = useRef<HTMLInputElement>(null);
  const [over, drag] = useState(false);
  const [refused, refuse] = useState<string | null>(null);
  const { busy, problem, submit } = useSubmit();
  const take = (file: File | undefined) => {
    if (!file || busy) return;
    refuse(null);
    if (file.size > MOST_BYTES)
      return refuse('A file has 200 MiB at most. Split it, or leave out columns that you do not need.');
    void submit(async () => onFile(await bringFile(file), file.name));
    if (input.current) input.current.value = '';
  };
  return (
    <section className="section csv-choose" aria-label="File">
      {(refused ?? problem) && (
        <FormProblem
          key={refused ?? problem?.message}
          title={refused ?? problem?.message ?? ''}
          requestId={refused ? null : problem?.requestId}
        />
      )}
      {/* biome-ignore lint/a11y/noStaticElementInteractions: dropping is beside the button, not instead */}
      <div
        className="csv-drop"
        data-over={over || undefined}
        onDragOver={(event) => {
          event.preventDefault();
          drag(true);
        }}
        onDragLeave={() => drag(false)}
        onDrop={(event) => {
          event.preventDefault();
          drag(false);
          take(event.dataTransfer.files[0]);
        }}
      >
        <input
          ref={input}
          type="file"
          hidden
          aria-label="CSV file"
          accept=".csv,.tsv,.txt,text/csv,text/tab-separated-values,text/plain"
          onChange={(event) => take(event.currentTarget.files?.[0])}
        />
        <Button loading={busy} onClick={() => input.current?.click()}>
          Choose a CSV file
        </Button>
        <p className="hint">or drop it here. At most 200 MiB and 500,000 rows.</p>
      </div>
      <p className="hint">
        Nothing is imported yet: you see first what each column is taken for. Nobody is added twice; who is in
        the book already gets what is missing and loses nothing.
      </p>
    </section>
  );
}
