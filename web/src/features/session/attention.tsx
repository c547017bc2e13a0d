import { lazy, Suspense } from 'react';
import { useSession } from '../../api/session';

const AttentionNote = lazy(() => import('./attention-note').then((m) => ({ default: m.AttentionNote })));

/** On every page that may depend on a connection, and most days nothing. */
export function AttentionBanner() {
  if (useSession().attention.length === 0) return null;
  return (
    <Suspense fallback={null}>
      <AttentionNote />
    </Suspense>
  );
}
