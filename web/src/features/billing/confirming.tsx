import { Button } from '@mantine/core';
import { useEffect, useState } from 'react';
import { refreshBilling } from '../../api/billing';
import { useSubmit } from '../../api/use-submit';
import { Banner } from '../../ui/banner';

/** Stripe tells within seconds as a rule. */
const LONG_MS = 15_000;

/** After the way back from paying: nothing is believed before Stripe itself has said it. */
export function Confirming({ plan, onLeave }: { plan: string; onLeave: () => void }) {
  const [long, setLong] = useState(false);
  const [asked, setAsked] = useState(false);
  const { busy, problem, submit } = useSubmit();
  useEffect(() => {
    const timer = setTimeout(() => setLong(true), LONG_MS);
    return () => clearTimeout(timer);
  }, []);
  return (
    <div className="shell-note" role="status">
      <Banner
        tone={long ? 'warn' : 'note'}
        label="Waiting for confirmation"
        title="Waiting for Stripe’s confirmation"
        actions={
          long && (
            <>
              <Button
                size="compact-sm"
                loading={busy}
                onClick={() => void submit(async () => setAsked(Boolean(await refreshBilling())))}
              >
                Ask Stripe now
              </Button>
              <Button size="compact-sm" variant="default" onClick={onLeave}>
                Stop waiting
              </Button>
            </>
          )
        }
      >
        {problem
          ? problem.message
          : long
            ? `${asked ? 'Stripe was asked again. ' : 'It takes longer than usual. '}If you paid, nothing is lost: the ${plan} plan begins as soon as Stripe confirms it. If you did not pay, nothing changes.`
            : `The ${plan} plan begins as soon as Stripe says that it is paid, usually within seconds. You can stay here or go on working.`}
      </Banner>
    </div>
  );
}
