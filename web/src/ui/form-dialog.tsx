import { Button, Modal } from '@mantine/core';
import type { ReactNode } from 'react';
import type { Problem } from '../api/problem';
import { FormProblem } from './form-problem';

type Props = {
  /** Open unless said otherwise. */
  opened?: boolean;
  title: string;
  onClose: () => void;
  go: () => unknown;
  busy: boolean;
  problem: Problem | null;
  /** On the button that does it, and on the one that does not. */
  words: { go: string; stay: string };
  /** What is done cannot be taken back. */
  grave?: boolean;
  disabled?: boolean;
  children: ReactNode;
};

/** A question with one answer, in a dialog: what went wrong stands first, what can be done last. */
export function FormDialog({ opened = true, title, onClose, go, busy, problem, words, ...rest }: Props) {
  return (
    <Modal opened={opened} onClose={onClose} title={title} closeButtonProps={{ 'aria-label': 'Close' }}>
      <form
        className="form"
        onSubmit={(event) => {
          event.preventDefault();
          void go();
        }}
      >
        {problem && (
          <FormProblem key={problem.message} title={problem.message} requestId={problem.requestId} />
        )}
        {rest.children}
        <div className="row-acts">
          <Button
            type="submit"
            color={rest.grave ? 'ember' : undefined}
            loading={busy}
            disabled={rest.disabled}
          >
            {words.go}
          </Button>
          <Button variant="default" onClick={onClose}>
            {words.stay}
          </Button>
        </div>
      </form>
    </Modal>
  );
}
