import type { ProblemBody } from './schemas';

/** What went wrong, in the words the server chose (RFC 9457), or in ours when there was no answer. */
export class Problem extends Error {
  readonly status: number;
  /** A stable word to decide on: `plan`, `not_connected`, `needs_reconnect`, `offline`, ... */
  readonly code: string;
  readonly title: string;
  readonly requestId: string | null;
  readonly upgradeTo: string | null;
  readonly retryAfterS: number | null;
  /** The contact that already has this address (code `duplicate`). */
  readonly existing: string | null;
  readonly fields: Record<string, string>;

  constructor(body: Partial<ProblemBody> & { status: number; code: string }) {
    super(body.detail || body.title || 'Something went wrong.');
    this.name = 'Problem';
    this.status = body.status;
    this.code = body.code;
    this.title = body.title || 'Something went wrong';
    this.requestId = body.request_id ?? null;
    this.upgradeTo = body.upgrade_to ?? null;
    this.retryAfterS = body.retry_after_s ?? null;
    this.existing = body.existing ?? null;
    this.fields = Object.fromEntries((body.fields ?? []).map((f) => [f.field, f.message]));
  }

  static offline(): Problem {
    return new Problem({
      status: 0,
      code: 'offline',
      title: 'No connection',
      detail: 'The server did not answer. Check your connection, then try again.',
    });
  }
}

const CODES: Record<number, string> = {
  400: 'invalid',
  401: 'unauthenticated',
  403: 'forbidden',
  404: 'not_found',
  409: 'conflict',
  413: 'too_large',
  429: 'too_many_requests',
};

/** Reads a failed answer. Proxies answer with HTML, so nothing but the status is taken for granted. */
export async function problemFrom(response: Response): Promise<Problem> {
  const isProblem = response.headers.get('content-type')?.includes('json') ?? false;
  const body: Partial<ProblemBody> = isProblem ? await response.json().catch(() => ({})) : {};
  return new Problem({
    ...body,
    status: response.status,
    code: body.code || CODES[response.status] || 'internal',
    detail: body.detail || body.title || plain(response.status),
    retry_after_s: body.retry_after_s ?? retryAfter(response.headers.get('retry-after')),
    request_id: body.request_id ?? response.headers.get('x-request-id') ?? undefined,
  });
}

function plain(status: number): string {
  return status >= 500
    ? 'The server could not do this. Nothing was changed by the failed step; try again in a moment.'
    : 'The server did not accept this.';
}

/** Seconds; the header may also be a date (RFC 9110, 10.2.3). */
export function retryAfter(header: string | null, now = Date.now()): number | null {
  if (!header) return null;
  const seconds = Number(header);
  if (Number.isFinite(seconds)) return Math.max(0, Math.ceil(seconds));
  const at = Date.parse(header);
  return Number.isNaN(at) ? null : Math.max(0, Math.ceil((at - now) / 1000));
}

export const asProblem = (error: unknown): Problem =>
  error instanceof Problem
    ? error
    : new Problem({
        status: 0,
        code: 'internal',
        detail: error instanceof Error ? error.message : undefined,
      });
