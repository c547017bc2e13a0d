import { Button } from '@mantine/core';
import { useEffect, useRef, useState } from 'react';
import { bringFile, MOST_BYTES } from '../../api/csv';
import type { CsvFile } from '../../api/schemas';
import type { Sent } from '../../api/upload';
import { useSubmit } from '../../api/use-submit';
import { FormProblem } from '../../ui/form-problem';
import { Sending } from './sending';

type Way = { name: string; sent: Sent; since: number; stop: AbortController };

/** The file, by choosing or by dropping it. What is too large is not sent at all. */
export function ChooseFile({ onFile }: { onFile: (file: CsvFile, name: string) => void }) {
  const input = useRef<HTMLInputElement>(null);
  const choose = useRef<HTMLButtonElement>(null);
  const [over, drag] = useState(false);
  const [refused, refuse] = useState<string | null>(null);
  const [way, setWay] = useState<Way | null>(null);
  const [cancelled, cancel] = useState<string | null>(null);
  const { problem, submit, clear } = useSubmit();
  // Nobody would see what comes of it on another page.
  const going = useRef<AbortController>(null);
  useEffect(() => () => going.current?.abort(), []);
  useEffect(() => {
    if (cancelled) choose.current?.focus();
  }, [cancelled]);

  const take = (file: File | undefined) => {
    if (!file || way) return;
    refuse(null);
    cancel(null);
    if (file.size > MOST_BYTES) {
      clear();
      return refuse('A file has 200 MiB at most. Split it, or leave out columns that you do not need.');
    }
    const stop = new AbortController();
    going.current = stop;
    setWay({ name: file.name, sent: { bytes: 0, of: file.size }, since: Date.now(), stop });
    void submit(async () => {
      try {
        const onSent = (sent: Sent) => setWay((old) => old && { ...old, sent });
        onFile(await bringFile(file, stop.signal, onSent), file.name);
      } catch (error) {
        if (!stop.signal.aborted) throw error;
        cancel(file.name);
      } finally {
        setWay(null);
      }
    });
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
      {way ? (
        <Sending name={way.name} sent={way.sent} since={way.since} onCancel={() => way.stop.abort()} />
      ) : (
        // biome-ignore lint/a11y/noStaticElementInteractions: dropping is beside the button, not instead
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
          <Button ref={choose} onClick={() => input.current?.click()}>
            Choose a CSV file
          </Button>
          <p className="hint">or drop it here. At most 200 MiB and 500,000 rows.</p>
        </div>
      )}
      {cancelled && <p role="status">{cancelled} was not sent; nothing of it is kept.</p>}
      <p className="hint">
        Nothing is imported yet: you see first what each column is taken for. Nobody is added twice; who is in
        the book already gets what is missing and loses nothing.
      </p>
    </section>
  );
}
