import { lazy, Suspense, useEffect } from 'react';
import { watchUnsent } from '../../api/outbox';
import { useSession } from '../../api/session';
import { closeLog, useLogRequest } from './log-request';

const LogDialog = lazy(() => import('./log-dialog').then((m) => ({ default: m.LogDialog })));

/** The log dialog, from wherever it is asked for; its code is loaded with the first entry. */
export function LogHost() {
  const session = useSession();
  const request = useLogRequest();
  const of = `${session.company.id}:${session.member.id}`;
  useEffect(() => watchUnsent(of), [of]);
  if (!request) return null;
  return (
    <Suspense fallback={null}>
      <LogDialog request={request} of={of} onClose={closeLog} />
    </Suspense>
  );
}
