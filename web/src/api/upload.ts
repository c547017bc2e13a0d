import { refusal } from './client';
import { Problem } from './problem';

/** Bytes that left this machine, of all. */
export type Sent = { bytes: number; of: number };

type Options = { type: string; signal: AbortSignal; onSent: (sent: Sent) => void };

/**
 * Sends a file and tells how far it is, which `fetch` cannot. Whoever cancels gets the signal's own reason.
 */
export function upload<T>(path: string, file: Blob, { type, signal, onSent }: Options): Promise<T> {
  return new Promise((done, failed) => {
    if (signal.aborted) return failed(signal.reason);
    const request = new XMLHttpRequest();
    const cancel = () => request.abort();
    signal.addEventListener('abort', cancel, { once: true });
    const over = () => signal.removeEventListener('abort', cancel);
    request.open('POST', path);
    request.setRequestHeader('Content-Type', type);
    request.setRequestHeader('X-Tandem-CSRF', '1');
    request.upload.onprogress = ({ loaded, total }) => onSent({ bytes: loaded, of: total || file.size });
    request.onload = () => {
      over();
      const answer = new Response(request.responseText, {
        status: request.status,
        headers: known(request),
      });
      if (answer.ok) answer.json().then(done, failed);
      else refusal(path, answer).then(failed, failed);
    };
    request.onerror = () => {
      over();
      failed(Problem.offline());
    };
    request.onabort = () => {
      over();
      failed(signal.reason);
    };
    request.send(file);
  });
}

/** The headers that problems are read from. */
function known(request: XMLHttpRequest): Headers {
  const headers = new Headers();
  for (const name of ['content-type', 'retry-after', 'x-request-id']) {
    const value = request.getResponseHeader(name);
    if (value) headers.set(name, value);
  }
  return headers;
}
