import { Modal } from '@mantine/core';
import { useHotkeys } from '@mantine/hooks';
import { may, useSession } from '../../api/session';
import { usePreference } from '../../ui/preference';

export const SINGLE_KEYS = 'single-keys';

type Props = { opened: boolean; open: (opened: boolean) => void; onLog: () => void };

/** Single keys act only outside of fields and dialogs, and can be turned off in the settings (WCAG 2.1.4). */
export function Shortcuts({ opened, open, onLog }: Props) {
  const session = useSession();
  const [on] = usePreference(SINGLE_KEYS);
  const outside = (act: () => void) => () => {
    if (on && !document.querySelector('[role="dialog"], [role="menu"]')) act();
  };
  useHotkeys([
    ['l', outside(() => may(session, 'log_activities') && onLog())],
    ['shift+?', outside(() => open(true))],
    ['?', outside(() => open(true))],
  ]);
  return (
    <Modal
      opened={opened}
      onClose={() => open(false)}
      title="Keyboard"
      size={420}
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      <dl className="keys">
        <dt>Go to a page, find a person, run a command</dt>
        <dd>
          <kbd>Ctrl</kbd> <kbd>K</kbd>
        </dd>
        <dt>Log an activity; with the person whose page is open</dt>
        <dd>
          <kbd>L</kbd>
        </dd>
        <dt>This list</dt>
        <dd>
          <kbd>?</kbd>
        </dd>
      </dl>
      <p className="hint">Single keys can be turned off in the settings.</p>
    </Modal>
  );
}
