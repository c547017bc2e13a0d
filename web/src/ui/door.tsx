import type { ReactNode } from 'react';
import { PageHead } from './page-head';

/** One sheet, one task: the pages before somebody is signed in. */
export function Door({ title, lead, children }: { title: string; lead?: ReactNode; children: ReactNode }) {
  return (
    <div className="door">
      <header className="brand">
        <img src="/favicon.svg" width="24" height="24" alt="" /> Tandem
      </header>
      <main className="sheet" id="main">
        <PageHead title={title} />
        {lead && <p className="lead">{lead}</p>}
        {children}
      </main>
    </div>
  );
}
