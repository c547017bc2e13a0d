import { Button } from '@mantine/core';
import type { PaymentDue } from '../../api/schemas';
import { Banner } from '../../ui/banner';
import { LinkButton } from '../../ui/link-button';
import { overdue } from './words';

/** On other pages than that of the plan; calm, for the plan is kept meanwhile. */
export function PaymentNote({ due, onDismiss }: { due: PaymentDue; onDismiss: () => void }) {
  return (
    <div className="shell-note">
      <Banner
        tone="warn"
        slim
        label="Payment overdue"
        title="The last payment failed"
        actions={
          <>
            <LinkButton to="/billing" size="compact-sm" variant="default">
              Open billing
            </LinkButton>
            <Button size="compact-sm" variant="subtle" color="gray" onClick={onDismiss}>
              Not now
            </Button>
          </>
        }
      >
        {overdue(due)}
      </Banner>
    </div>
  );
}
