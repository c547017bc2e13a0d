import { useEffect, useRef } from 'react';

type Props = { title: string; detail?: string; requestId?: string | null; children?: React.ReactNode };

/** The summary of a failed form; it takes the focus, the input stays. */
export function FormProblem({ title, detail, requestId, children }: Props) {
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => box.current?.focus(), []);
  return (
    <div className="form-problem" role="alert" tabIndex={-1} ref={box}>
      <b>{title}</b>
      {detail && detail !== title && <p>{detail}</p>}
      {children}
      {requestId && <p className="ref">Reference {requestId}</p>}
    </div>
  );
}
