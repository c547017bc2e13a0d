import { useSyncExternalStore } from 'react';
import { createActivity, refreshActivities } from './activities';
import { asProblem } from './problem';
import type { NewActivity } from './schemas';

/** An entry that could not be sent. Its key makes sure that sending it again logs it once. */
export type Unsent = {
  key: string;
  /** The member and company it belongs to: another one at this browser neither sees nor sends it. */
  of: string;
  activity: NewActivity;
  contactName: string;
  /** Why the server did not take it; nothing while it merely cannot be reached. */
  problem?: string;
};

const KEY = 'tandem-unsent-activities';
const AGAIN_MS = 20_000;
const listeners = new Set<() => void>();
let items: readonly Unsent[] = read();
let sending = false;

function read(): Unsent[] {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(KEY) ?? '[]');
    return Array.isArray(kept) ? (kept as Unsent[]).filter((u) => typeof u?.key === 'string') : [];
  } catch {
    return [];
  }
}

function write(next: readonly Unsent[]) {
  items = next;
  try {
    localStorage.setItem(KEY, JSON.stringify(next));
  } catch {
    // Storage may be off or full; the tab still remembers.
  }
  for (const listener of listeners) listener();
}

export const keepUnsent = (unsent: Unsent) => write([...items, unsent]);
export const discardUnsent = (key: string) => write(items.filter((u) => u.key !== key));

/** Sends what waits, in its order; stops at the first that does not get through. */
export async function sendUnsent(of: string): Promise<void> {
  if (sending) return;
  sending = true;
  let sent = false;
  try {
    for (const unsent of items.filter((u) => u.of === of)) {
      try {
        await createActivity(unsent.activity, unsent.key);
        discardUnsent(unsent.key);
        sent = true;
      } catch (error) {
        const { status, message } = asProblem(error);
        if (status === 0 || status === 401 || status === 409 || status === 429 || status >= 500) return;
        write(items.map((u) => (u.key === unsent.key ? { ...u, problem: message } : u)));
      }
    }
  } finally {
    sending = false;
    if (sent) void refreshActivities();
  }
}

/** Tries when the page opens, when the network is back, and now and then. */
export function watchUnsent(of: string): () => void {
  const go = () => void (items.some((u) => u.of === of && !u.problem) && sendUnsent(of));
  go();
  window.addEventListener('online', go);
  const timer = setInterval(go, AGAIN_MS);
  return () => {
    window.removeEventListener('online', go);
    clearInterval(timer);
  };
}

const subscribe = (listener: () => void) => {
  listeners.add(listener);
  return () => void listeners.delete(listener);
};

export const useUnsent = (of: string) =>
  useSyncExternalStore(subscribe, () => items).filter((u) => u.of === of);
