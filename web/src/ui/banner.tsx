import type { ReactNode } from 'react';

type Props = {
  tone: 'ok' | 'warn' | 'bad' | 'note';
  label: string;
  title: ReactNode;
  children?: ReactNode;
  actions?: ReactNode;
  slim?: boolean;
};

export function Banner({ tone, label, title, children, actions, slim }: Props) {
  return (
    <section className="banner" data-tone={tone} data-slim={slim || undefined} aria-label={label}>
      <div>
        <p className="t">{title}</p>
        {children && <p className="m">{children}</p>}
      </div>
      {actions && <div className="acts">{actions}</div>}
    </section>
  );
}
