import { Button } from '@mantine/core';
import { type ReactNode, useEffect, useId, useRef, useState } from 'react';
import { useSubmit } from '../api/use-submit';
import { FormProblem } from './form-problem';

type Props = {
  /** Whom or what the button that does it names. */
  name: string;
  /** What it is: the first button asks for it. */
  what: string;
  /** What goes and what stays, said before. */
  children: ReactNode;
  onDelete: () => Promise<void>;
};

/** Asks once more before something is deleted that cannot be brought back. */
export function DeleteAsked({ name, what, children, onDelete }: Props) {
  const [asked, ask] = useState(false);
  const { busy, problem, submit } = useSubmit();
  const words = useId();
  const keep = useRef<HTMLButtonElement>(null);
  const first = useRef<HTMLButtonElement>(null);
  const was = useRef(false);
  // Each of them takes the place of the other, and the focus with it; not on the way that deletes.
  useEffect(() => {
    if (asked) keep.current?.focus();
    else if (was.current) first.current?.focus();
    was.current = asked;
  }, [asked]);
  return (
    <section className="stackv" aria-label="Delete">
      {problem && <FormProblem key={problem.message} title={problem.message} />}
      {asked && (
        <p className="hint" id={words}>
          This cannot be undone. {children}
        </p>
      )}
      <div className="row-acts">
        {asked ? (
          <>
            <Button
              color="ember"
              loading={busy}
              aria-describedby={words}
              onClick={() => void submit(onDelete)}
            >
              Delete {name}
            </Button>
            <Button ref={keep} variant="default" aria-describedby={words} onClick={() => ask(false)}>
              Keep
            </Button>
          </>
        ) : (
          <Button ref={first} variant="default" onClick={() => ask(true)}>
            Delete this {what}
          </Button>
        )}
      </div>
    </section>
  );
}
