import { useEffect, useSyncExternalStore } from 'react';
import type { Activity } from '../../api/schemas';
import type { Person } from './draft';

/** What the log dialog was opened for: a new entry, or one that is edited. */
export type LogRequest = { contact: Person | null; activity?: Activity };

let request: LogRequest | null = null;
let subject: Person | null = null;
const listeners = new Set<() => void>();

function set(next: LogRequest | null) {
  request = next;
  for (const listener of listeners) listener();
}

/** Without somebody named it is about the person whose page is open, if any. */
export const openLog = (contact: Person | null = subject) => set({ contact });
export const editActivity = (activity: Activity) =>
  set({ contact: { id: activity.contact.id, full_name: activity.contact.full_name ?? '' }, activity });
export const closeLog = () => set(null);

export const useLogRequest = () =>
  useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    () => request,
  );

/** The page is about this person. */
export function useLogSubject(id: string, full_name: string) {
  useEffect(() => {
    const mine = { id, full_name };
    subject = mine;
    return () => {
      if (subject === mine) subject = null;
    };
  }, [id, full_name]);
}
