import { useSyncExternalStore } from 'react';

// Runs started in this tab: their result is announced wherever the person is by then, reloads included.
const KEY = 'tandem-watched-runs';
const listeners = new Set<() => void>();
let ids: readonly string[] = read();

function read(): string[] {
  try {
    const kept: unknown = JSON.parse(sessionStorage.getItem(KEY) ?? '[]');
    return Array.isArray(kept) ? kept.filter((id): id is string => typeof id === 'string') : [];
  } catch {
    return [];
  }
}

function write(next: readonly string[]) {
  ids = next;
  try {
    sessionStorage.setItem(KEY, JSON.stringify(next));
  } catch {
    // Storage may be off; the tab still remembers.
  }
  for (const listener of listeners) listener();
}

export const watchRun = (id: string) => {
  if (!ids.includes(id)) write([...ids, id]);
};
export const unwatchRun = (id: string) => write(ids.filter((known) => known !== id));

export const useWatchedRuns = () =>
  useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => ids,
  );
