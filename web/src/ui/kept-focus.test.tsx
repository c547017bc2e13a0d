import { render, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { useState } from 'react';
import { expect, test, vi } from 'vitest';
import { useKeptFocus } from './kept-focus';

function Page({ region = true }: { region?: boolean }) {
  useKeptFocus();
  const [rows, set] = useState(['Ada', 'Bo']);
  return (
    <main id="main" tabIndex={-1}>
      <section aria-label="List" tabIndex={region ? 0 : undefined}>
        {rows.map((name) => (
          <button key={name} type="button" onClick={() => set((old) => old.filter((n) => n !== name))}>
            Remove {name}
          </button>
        ))}
      </section>
    </main>
  );
}

test('when a row goes with the focus on it, its list has it', async () => {
  render(<Page />);
  screen.getByRole('button', { name: 'Remove Ada' }).focus();
  await userEvent.keyboard('{Enter}');
  await vi.waitFor(() => expect(screen.getByRole('region', { name: 'List' })).toHaveFocus());
});

test('where nothing around can have it, the page has it', async () => {
  render(<Page region={false} />);
  await userEvent.click(screen.getByRole('button', { name: 'Remove Ada' }));
  await vi.waitFor(() => expect(screen.getByRole('main')).toHaveFocus());
});

test('what took it meanwhile keeps it', async () => {
  render(<Page />);
  await userEvent.click(screen.getByRole('button', { name: 'Remove Ada' }));
  const other = screen.getByRole('button', { name: 'Remove Bo' });
  other.focus();
  await new Promise((done) => setTimeout(done, 150));
  expect(other).toHaveFocus();
});
