import type { ReactNode } from 'react';

type Props = {
  tone: 'ok' | 'warn' | 'bad' | 'note';
  label: string;
  title: ReactNode;
  children?: ReactNode;
  actions?: ReactNode;
};

export function Banner({ tone, label, title, children, actions }: Props) {
  return (
    <section className="banner" data-tone={tone} aria-label={label}>
      <div>
        <p className="t">{title}</p>
        {children && <p className="m">{children}</p>}
      </div>
      {actions && <div className="acts">{actions}</div>}
    </section>
  );
}
