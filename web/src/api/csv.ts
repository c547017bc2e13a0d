import { infiniteQueryOptions, keepPreviousData } from '@tanstack/react-query';
import { body, http } from './client';
import type { paths } from './schema';
import type { ContactsExport, CorrectedRow, CsvCharset, CsvDelimiter, CsvFile, CsvSettings } from './schemas';
import { type Sent, upload } from './upload';

/** The largest file the server takes. */
export const MOST_BYTES = 200 * 1024 * 1024;

/** The bytes as they are: the server says what they seem to be. */
export const bringFile = (file: File, signal: AbortSignal, onSent: (sent: Sent) => void) =>
  upload<CsvFile>('/api/imports/csv' satisfies keyof paths, file, { type: 'text/csv', signal, onSent });

type Reading = { charset?: CsvCharset; delimiter?: CsvDelimiter; header?: boolean };

export const readFileAs = (id: string, query: Reading) =>
  body(http.GET('/api/imports/csv/{id}', { params: { path: { id }, query } }));

export const startFile = (id: string, settings: CsvSettings) =>
  body(http.POST('/api/imports/csv/{id}/start', { params: { path: { id } }, body: settings }));

export const badRowsQuery = (run: string) =>
  infiniteQueryOptions({
    queryKey: ['runs', 'bad-rows', run],
    queryFn: ({ pageParam, signal }) =>
      body(
        http.GET('/api/imports/csv/runs/{id}/rows', {
          params: { path: { id: run }, query: { limit: 50, cursor: pageParam } },
          signal,
        }),
      ),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last) => last.next_cursor ?? undefined,
    placeholderData: keepPreviousData,
  });

/** Sent again with the same key, they still run once. */
export const correctRows = (run: string, rows: CorrectedRow[], key: string) =>
  body(
    http.POST('/api/imports/csv/runs/{id}/rows', {
      params: { path: { id: run }, header: { 'Idempotency-Key': key } },
      body: { rows },
    }),
  );

/** The address of the file: the browser fetches it by itself. */
export const badRowsAddress = (run: string) => `/api/imports/csv/runs/${encodeURIComponent(run)}/rows/file`;

/** Puts the chosen contacts into a file in the folder for downloads. */
export async function exportContacts(who: ContactsExport) {
  const file = await body(http.POST('/api/contacts/export', { body: who, parseAs: 'blob' }));
  const address = URL.createObjectURL(file as unknown as Blob);
  const link = document.createElement('a');
  link.href = address;
  link.download = 'tandem-contacts.csv';
  link.click();
  // Safari reads it after the click has returned.
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}
