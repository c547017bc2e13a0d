import { Modal } from '@mantine/core';

/** What single keys and their companions do; loaded when somebody asks. */
export function KeyList({ onClose }: { onClose: () => void }) {
  return (
    <Modal opened onClose={onClose} title="Keyboard" size={420} closeButtonProps={{ 'aria-label': 'Close' }}>
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
