import type { CSSProperties, ReactNode, Ref } from 'react';

type Props = {
  label: string;
  children: ReactNode;
  ref?: Ref<HTMLElement>;
  style?: CSSProperties;
  className?: string;
};

export function ScrollRegion({ label, children, ref, style, className = 'scroll' }: Props) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard
    <section className={className} ref={ref} tabIndex={0} aria-label={label} style={style}>
      {children}
    </section>
  );
}
