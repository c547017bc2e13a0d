import { ago, exact } from './figures';

/** Relative, with the exact time on hover and for assistive technology. */
export function Moment({ at, none = 'Never' }: { at: string | null | undefined; none?: string }) {
  if (!at) return <span className="dim">{none}</span>;
  return (
    <time dateTime={at} title={exact(at)} className="num">
      {ago(at)}
    </time>
  );
}
