import { notifications } from '@mantine/notifications';
import type { ReactNode } from 'react';
import { keepNotice } from './notices';

type Toast = {
  id?: string;
  title: string;
  message?: ReactNode;
  /** Of a message with links, what is kept of it in the list of notifications. */
  words?: string;
  /** Where more about it stands. */
  to?: string;
  tone?: 'ok' | 'bad';
  long?: boolean;
};

/** Result first, action second. A toast with an action stays at least ten seconds; all are kept. */
export function toast({ id, title, message, words, to, tone = 'ok', long }: Toast) {
  if (id) notifications.hide(id);
  const at = new Date().toISOString();
  const said = words ?? (typeof message === 'string' ? message : undefined);
  keepNotice({ id: id ?? `${at} ${title}`, at, title, words: said, tone, to });
  notifications.show({
    id,
    title,
    message,
    color: tone === 'bad' ? 'ember' : 'petrol',
    withBorder: true,
    closeButtonProps: { 'aria-label': 'Close notification' },
    autoClose: long || tone === 'bad' ? 14_000 : 6_000,
    role: tone === 'bad' ? 'alert' : 'status',
  });
}

export const hideToast = (id: string) => notifications.hide(id);
