import { useLocation } from '@tanstack/react-router';
import { lazy, Suspense } from 'react';
import { useSession } from '../api/session';
import { AttentionBanner } from '../features/session/attention';
import { useDismissed } from '../ui/dismissed';

const PaymentNote = lazy(() =>
  import('../features/billing/payment-note').then((m) => ({ default: m.PaymentNote })),
);

/** One note above every page at a time, and most days none. */
export function ShellNote() {
  const { company, payment_due: due } = useSession();
  const here = useLocation({ select: (at) => at.pathname });
  // Another failure is another note.
  const [seen, dismiss] = useDismissed(`payment-${company.id}-${due?.state}-${due?.grace_until}`);
  if (!due || seen || here === '/billing') return <AttentionBanner />;
  return (
    <Suspense fallback={null}>
      <PaymentNote due={due} onDismiss={dismiss} />
    </Suspense>
  );
}
