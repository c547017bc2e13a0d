import { Button, Modal } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { useEffect } from 'react';
import { EmptyState } from '../../ui/empty-state';
import { Moment } from '../../ui/moment';
import { forgetNotices, markRead, type Notice, useNotices } from '../../ui/notices';
import { StatusWord } from '../../ui/status-word';
import { useFocusBack } from '../../ui/use-focus-back';
import '../../styles/notices.css';

/** Everything that toasts said in this tab, the newest first. */
export function NoticeList({ onClose }: { onClose: () => void }) {
  useFocusBack();
  const { list, unread } = useNotices();
  useEffect(() => {
    if (unread > 0) markRead();
  }, [unread]);
  return (
    <Modal
      opened
      onClose={onClose}
      title="Notifications"
      size={520}
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      {list.length === 0 ? (
        <EmptyState kind="first" title="Nothing yet">
          What is done or goes wrong while you work stands here until you close this tab.
        </EmptyState>
      ) : (
        <>
          <ul className="notices">
            {list.map((notice) => (
              <li key={notice.id}>
                <StatusWord tone={notice.tone === 'bad' ? 'bad' : 'ok'}>
                  {notice.tone === 'bad' ? 'Needs a look' : 'Done'}
                </StatusWord>
                <Moment at={notice.at} />
                <p className="t">
                  <Title notice={notice} onFollow={onClose} />
                </p>
                {notice.words && <p className="w">{notice.words}</p>}
              </li>
            ))}
          </ul>
          <div className="notices-end">
            <span className="hint">Kept until you close this tab.</span>
            <Button variant="default" size="compact-sm" onClick={forgetNotices}>
              Clear the list
            </Button>
          </div>
        </>
      )}
    </Modal>
  );
}

function Title({ notice, onFollow }: { notice: Notice; onFollow: () => void }) {
  if (!notice.to) return notice.title;
  return (
    <Link to={notice.to} className="strong" onClick={onFollow}>
      {notice.title}
    </Link>
  );
}
