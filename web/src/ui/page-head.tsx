import { type ReactNode, useEffect, useRef } from 'react';

// The page that had the heading last; the first one of a visit must not steal the focus.
let lastPage: string | null = null;

type Props = { title: string; sub?: ReactNode; lead?: ReactNode; children?: ReactNode };

/** The heading of a page: names the window, and takes the focus when the page changes. */
export function PageHead({ title, sub, lead, children }: Props) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = `${title} · Tandem`;
  }, [title]);
  useEffect(() => {
    const here = window.location.pathname;
    if (lastPage !== null && lastPage !== here) heading.current?.focus({ preventScroll: true });
    lastPage = here;
  });
  return (
    <header className="head">
      {lead}
      <h1 ref={heading} tabIndex={-1}>
        {title}
      </h1>
      {sub && <span className="sub num">{sub}</span>}
      {children && <div className="acts">{children}</div>}
    </header>
  );
}
