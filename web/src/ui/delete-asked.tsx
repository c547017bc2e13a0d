import { Button } from '@mantine/core';
import { type ReactNode, useState } from 'react';
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
  return (
    <section className="stackv" aria-label="Delete">
      {problem && <FormProblem key={problem.message} title={problem.message} />}
      {asked && <p className="hint">This cannot be undone. {children}</p>}
      <div className="row-acts">
        {asked ? (
          <>
            <Button color="ember" loading={busy} onClick={() => void submit(onDelete)}>
              Delete {name}
            </Button>
            <Button variant="default" onClick={() => ask(false)}>
              Keep
            </Button>
          </>
        ) : (
          <Button variant="default" onClick={() => ask(true)}>
            Delete this {what}
          </Button>
        )}
      </div>
    </section>
  );
}
