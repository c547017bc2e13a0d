import { useSyncExternalStore } from 'react';

const listeners = new Set<() => void>();

/** A choice of this browser that is on until somebody turns it off. */
export function usePreference(name: string): [boolean, (on: boolean) => void] {
  const key = `tandem-${name}`;
  const on = useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    () => read(key) !== 'off',
  );
  const set = (next: boolean) => {
    try {
      localStorage.setItem(key, next ? 'on' : 'off');
    } catch {
      // Storage may be off; then the default stays.
    }
    for (const listener of listeners) listener();
  };
  return [on, set];
}

function read(key: string): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}
