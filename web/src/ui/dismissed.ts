import { useState } from 'react';

/** Whether somebody has seen it and put it away, for as long as the tab is open. */
export function useDismissed(what: string): [boolean, () => void] {
  const key = `tandem-seen-${what}`;
  const [put, away] = useState<string | null>(null);
  const dismiss = () => {
    away(key);
    try {
      sessionStorage.setItem(key, '1');
    } catch {
      // Storage may be off; then it stays away until the next page load.
    }
  };
  return [put === key || read(key), dismiss];
}

function read(key: string): boolean {
  try {
    return sessionStorage.getItem(key) !== null;
  } catch {
    return false;
  }
}
