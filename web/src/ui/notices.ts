import { useSyncExternalStore } from 'react';

/** What a toast said; `to` is the page that tells more. */
export type Notice = {
  id: string;
  at: string;
  title: string;
  words?: string;
  tone: 'ok' | 'bad';
  to?: string;
};
type Kept = { list: Notice[]; unread: number };

const KEY = 'tandem-notices';
const MOST = 50;
const NOTHING: Kept = { list: [], unread: 0 };

let kept = read();
const listeners = new Set<() => void>();

/** In the tab: they speak of people, and a tab ends with its reader. */
function read(): Kept {
  try {
    const found = JSON.parse(sessionStorage.getItem(KEY) ?? 'null') as Kept | null;
    return Array.isArray(found?.list) ? found : NOTHING;
  } catch {
    return NOTHING;
  }
}

function set(next: Kept) {
  kept = next;
  try {
    sessionStorage.setItem(KEY, JSON.stringify(next));
  } catch {
    // Storage may be off; then they last until a reload.
  }
  for (const listener of listeners) listener();
}

/** The newest first; one that says the same thing anew takes the place of the old one. */
export function keepNotice(notice: Notice) {
  const others = kept.list.filter((one) => one.id !== notice.id);
  set({ list: [notice, ...others].slice(0, MOST), unread: Math.min(kept.unread + 1, MOST) });
}

export const markRead = () => kept.unread > 0 && set({ ...kept, unread: 0 });

/** Another person or company must not read them. */
export const forgetNotices = () => set(NOTHING);

export const useNotices = () =>
  useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    () => kept,
  );
