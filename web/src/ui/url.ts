// What a URL may carry into the app. Everything is a word from a stranger until it went through here.

export type Search = Record<string, unknown>;

/** A search parameter as text; empty and odd ones are as good as absent. */
export function text(value: unknown): string | undefined {
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  return typeof value === 'string' && value.trim() !== '' ? value.slice(0, 400) : undefined;
}

/** Reads these parameters; absent keys stay absent, so that a plain page has the plain address. */
export const texts =
  <Name extends string>(...names: Name[]) =>
  (search: Search): { [N in Name]?: string } =>
    Object.fromEntries(names.map((n) => [n, text(search[n])]).filter(([, v]) => v !== undefined)) as {
      [N in Name]?: string;
    };

/** A page of ours to go on to after signing in; never another site. */
export function safeNext(next: string | undefined): string {
  if (!next?.startsWith('/') || /^\/[/\\]/.test(next) || next.startsWith('/signin')) return '/contacts';
  return next;
}

/** The token of a mailed link. It is in the fragment, so no server or log ever sees it. */
export function tokenFromHash(hash: string): string | null {
  return new URLSearchParams(hash.replace(/^#/, '')).get('token') || null;
}
