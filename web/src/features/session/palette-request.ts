import { useSyncExternalStore } from 'react';

let asked = 0;
const listeners = new Set<() => void>();

/** Opens the palette, from wherever it is asked for. */
export function openPalette() {
  asked += 1;
  for (const listener of listeners) listener();
}

/** How often it was asked for; 0 before the first time. */
export const usePaletteRequests = () =>
  useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    () => asked,
  );
