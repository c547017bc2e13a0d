import type { ReactNode } from 'react';

type Props = {
  kind: 'first' | 'no-match' | 'no-permission' | 'failed';
  title: string;
  children?: ReactNode;
  action?: ReactNode;
};

/** Nothing yet, nothing that matches, not allowed, and not loaded are four different things. */
export function EmptyState({ kind, title, children, action }: Props) {
  return (
    <div className="empty" data-kind={kind} role={kind === 'failed' ? 'alert' : undefined}>
      <h2>{title}</h2>
      {children && <p>{children}</p>}
      {action && <div className="acts">{action}</div>}
    </div>
  );
}
