import { notifications } from '@mantine/notifications';
import type { ReactNode } from 'react';

type Toast = { id?: string; title: string; message?: ReactNode; tone?: 'ok' | 'bad'; long?: boolean };

/** Result first, action second. A toast with an action stays at least ten seconds. */
export function toast({ id, title, message, tone = 'ok', long }: Toast) {
  if (id) notifications.hide(id);
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
