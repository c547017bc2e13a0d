import { Button, Modal } from '@mantine/core';
import { useState } from 'react';
import type { Billing, Plan } from '../../api/schemas';
import { usePhone } from '../../ui/use-phone';
import { verb } from './plan-rows';
import { losses } from './words';

type Props = { billing: Billing; plan: Plan; asked: boolean; busy: boolean; onTake: () => void };

/** The way to another plan; a smaller one says first what it takes. */
export function ChoosePlan({ billing, plan, asked, busy, onTake }: Props) {
  const phone = usePhone();
  const [asks, ask] = useState(false);
  const lost = losses(billing, plan);
  if (!plan.for_sale) return <span className="dim">On request</span>;
  const word = verb(billing, plan);
  const stripe = billing.biller === 'stripe';
  return (
    <>
      <Button
        variant={asked ? 'filled' : 'default'}
        loading={busy}
        aria-label={`${word} to ${plan.name}`}
        onClick={() => (lost.length && stripe ? ask(true) : onTake())}
      >
        {phone ? `${word} to ${plan.name}` : word}
      </Button>
      <Modal
        opened={asks}
        onClose={() => ask(false)}
        title={`Switch to ${plan.name}?`}
        closeButtonProps={{ 'aria-label': 'Close' }}
        centered
      >
        <ul className="losses">
          {lost.map((sentence) => (
            <li key={sentence}>{sentence}</li>
          ))}
          <li>Nothing is deleted. After an upgrade one click resumes what was paused.</li>
        </ul>
        <div className="losses-acts">
          <Button variant="default" onClick={() => ask(false)}>
            Keep the plan
          </Button>
          <Button
            loading={busy}
            onClick={() => {
              ask(false);
              onTake();
            }}
          >
            Continue to Stripe
          </Button>
        </div>
      </Modal>
    </>
  );
}
