import { Button } from '@mantine/core';
import type { Billing } from '../../api/schemas';
import { Banner } from '../../ui/banner';
import { counted } from '../../ui/figures';
import { StatusWord } from '../../ui/status-word';
import { next, STATE } from './words';

type Props = { billing: Billing; note: string; busy: boolean; onManage: (() => void) | null };

/** The plan as it is, how it is paid, and what is used of it. */
export function Standing({ billing, note, busy, onManage }: Props) {
  const { subscription, usage } = billing;
  const plan = billing.plans.find((p) => p.id === billing.plan);
  const manage = onManage && (
    <Button variant="default" loading={busy} onClick={onManage}>
      Manage billing
    </Button>
  );
  return (
    <section className="section plan-now" aria-labelledby="plan-now">
      <div>
        <h2 id="plan-now">
          {plan?.name} plan{' '}
          {subscription && (
            <StatusWord tone={STATE[subscription.state].tone}>{STATE[subscription.state].word}</StatusWord>
          )}
        </h2>
        {subscription && <p>{next(subscription, billing.grace_days)}</p>}
        <p className="num">
          In use: {counted(usage.contacts, 'contact', 'contacts')} and {counted(usage.seats, 'seat', 'seats')}
          .{note && ` ${note}`}
        </p>
      </div>
      {subscription && manage}
    </section>
  );
}

/** What somebody has to do about a payment, above everything else. */
export function PaymentTrouble({ billing, busy, onManage }: Omit<Props, 'note'>) {
  const { subscription } = billing;
  if (!subscription || !onManage) return null;
  const pay = (words: string) => (
    <Button size="compact-sm" loading={busy} onClick={onManage}>
      {words}
    </Button>
  );
  if (subscription.state === 'past_due' || subscription.state === 'unpaid')
    return (
      <div className="shell-note">
        <Banner
          tone="bad"
          label="Payment overdue"
          title="The last payment failed"
          actions={pay('Pay or change the card')}
        >
          {next(subscription, billing.grace_days).replace('The last payment failed. ', '')}
        </Banner>
      </div>
    );
  if (subscription.others > 0)
    return (
      <div className="shell-note">
        <Banner
          tone="warn"
          label="Paid twice"
          title="More than one subscription is paid"
          actions={pay('Cancel one')}
        >
          The largest plan of them counts. Cancel the others, so that you do not pay twice.
        </Banner>
      </div>
    );
  return null;
}
