import { QueryClient } from '@tanstack/react-query';
import createClient, { type Middleware } from 'openapi-fetch';
import { Problem, problemFrom } from './problem';
import type { paths } from './schema';

const SAFE = new Set(['GET', 'HEAD', 'OPTIONS']);
// These answer 401 as part of their work; everywhere else it means that the session ended.
const ASKS_WHO = new Set(['/api/auth/session', '/api/auth/login', '/api/auth/invitation/accept']);

let sessionEnded: () => void = () => {};
export function onSessionEnded(listener: () => void) {
  sessionEnded = listener;
}

/** A failed answer as a problem; whoever is no longer signed in is led to the door. */
export async function refusal(path: string, response: Response): Promise<Problem> {
  const problem = await problemFrom(response);
  if (problem.status === 401 && !ASKS_WHO.has(path)) sessionEnded();
  return problem;
}

export const rules: Middleware = {
  onRequest({ request }) {
    if (!SAFE.has(request.method)) request.headers.set('X-Tandem-CSRF', '1');
    return request;
  },
  async onResponse({ request, response }) {
    if (!response.ok) throw await refusal(new URL(request.url).pathname, response);
    return undefined;
  },
  onError({ error }) {
    return error instanceof Problem ? error : Problem.offline();
  },
};

/** An answer older than this says little. */
const EARLY_MS = 15_000;

/** Who is signed in was asked by `public/begin.js` before the app arrived; the answer is good for once. */
function asked(request: Request): Promise<Response> | undefined {
  const early = window.tandemSession;
  if (!early) return undefined;
  const reads = request.method === 'GET';
  const wanted = reads && new URL(request.url).pathname === '/api/auth/session';
  // Whoever signs in or changes the company makes it untrue.
  if (wanted || !reads) window.tandemSession = undefined;
  return wanted && performance.now() < EARLY_MS ? early : undefined;
}

declare global {
  interface Window {
    tandemSession?: Promise<Response>;
  }
}

export const http = createClient<paths>({
  baseUrl: window.location.origin,
  credentials: 'same-origin',
  // Looked up at call time: tests replace the global after this module was read.
  fetch: (request: Request) => asked(request) ?? globalThis.fetch(request),
});
http.use(rules);

/** The body of an answer; failures were thrown by the middleware. */
export async function body<T>(call: Promise<{ data?: T }>): Promise<T> {
  return (await call).data as T;
}

export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 15_000,
      retry: (failures, error) =>
        failures < 2 && error instanceof Problem && (error.status === 0 || error.status >= 500),
    },
  },
});
