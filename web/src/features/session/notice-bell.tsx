import { ActionIcon } from '@mantine/core';
import { IconBell } from '@tabler/icons-react';
import { lazy, Suspense, useState } from 'react';
import { counted } from '../../ui/figures';
import { useNotices } from '../../ui/notices';

const NoticeList = lazy(() => import('./notice-list').then((m) => ({ default: m.NoticeList })));

/** What was said while somebody looked elsewhere. */
export function NoticeBell({ size = 28 }: { size?: number }) {
  const { unread } = useNotices();
  const [opened, open] = useState(false);
  return (
    <>
      <ActionIcon
        variant="subtle"
        color="gray"
        size={size}
        className="bell"
        aria-label={unread > 0 ? `Notifications, ${counted(unread, 'new one', 'new ones')}` : 'Notifications'}
        onClick={() => open(true)}
      >
        <IconBell size={size > 30 ? 19 : 16} stroke={1.7} aria-hidden />
        {unread > 0 && <span className="dot" aria-hidden />}
      </ActionIcon>
      {opened && (
        <Suspense fallback={null}>
          <NoticeList onClose={() => open(false)} />
        </Suspense>
      )}
    </>
  );
}
