import type { ReactNode } from 'react';

export type Tone = 'ok' | 'warn' | 'bad' | 'idle' | 'busy';

/** A dot and a word; only what failed is coloured and bold. */
export function StatusWord({ tone, children }: { tone: Tone; children: ReactNode }) {
  return (
    <span className="st" data-tone={tone}>
      {children}
    </span>
  );
}
