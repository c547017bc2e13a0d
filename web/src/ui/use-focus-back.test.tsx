import { render, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { useState } from 'react';
import { expect, test, vi } from 'vitest';
import { useFocusBack } from './use-focus-back';

function Dialog({ onClose }: { onClose: () => void }) {
  useFocusBack();
  return (
    <button type="button" onClick={onClose}>
      Close
    </button>
  );
}

function Page({ after }: { after?: () => void }) {
  const [opened, open] = useState(false);
  return (
    <>
      <button type="button" onClick={() => open(true)}>
        Open
      </button>
      <button type="button">Other</button>
      {opened && (
        <Dialog
          onClose={() => {
            open(false);
            after?.();
          }}
        />
      )}
    </>
  );
}

test('the focus goes back to the opener when the dialog is gone', async () => {
  render(<Page />);
  await userEvent.click(screen.getByRole('button', { name: 'Open' }));
  await userEvent.click(screen.getByRole('button', { name: 'Close' }));
  await vi.waitFor(() => expect(screen.getByRole('button', { name: 'Open' })).toHaveFocus());
});

test('what took the focus meanwhile keeps it', async () => {
  const other = () => screen.getByRole('button', { name: 'Other' });
  render(<Page after={() => other().focus()} />);
  await userEvent.click(screen.getByRole('button', { name: 'Open' }));
  await userEvent.click(screen.getByRole('button', { name: 'Close' }));
  await new Promise((done) => setTimeout(done, 20));
  expect(other()).toHaveFocus();
});
