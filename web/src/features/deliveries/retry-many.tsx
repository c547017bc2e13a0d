import { Button } from '@mantine/core';
import { type DeliveryFilter, refreshDeliveries, retryMany } from '../../api/deliveries';
import type { DeliveryCounts } from '../../api/schemas';
import { may, useSession } from '../../api/session';
import { useSubmit } from '../../api/use-submit';
import { count, counted } from '../../ui/figures';
import { toast } from '../../ui/toast';
import { retryable, retryState } from './url';
import { CAUSE } from './words';

type Props = { filter: DeliveryFilter; counts: DeliveryCounts | null | undefined; providers: string[] };

/** All that failed under the filter: of one cause, of one state, or everything. */
export function RetryMany({ filter, counts, providers }: Props) {
  const session = useSession();
  const { busy, problem, submit } = useSubmit();
  const n = retryable(filter, counts);
  const { cause, provider } = filter;
  const state = retryState(filter);
  if (n < 2 || !may(session, 'work_contacts')) return null;
  if (!state && !cause && !may(session, 'see_all_contacts')) return null;
  const go = () =>
    submit(async () => {
      let [taken, left, more] = [0, 0, false];
      for (const slug of provider ? [provider] : providers) {
        const done = await retryMany(slug, { state, cause });
        taken += done.replayed;
        left += done.left;
        more ||= done.more;
      }
      toast({
        title: `${counted(taken, 'delivery goes', 'deliveries go')} out again`,
        message: [
          left > 0 &&
            `${count(left)} could not be taken up: somebody has to choose, or nothing is left to send.`,
          more && 'There are more: try again for the rest.',
        ]
          .filter(Boolean)
          .join(' '),
      });
      await refreshDeliveries();
    });
  const which = cause ? `: ${CAUSE[cause].toLowerCase()}` : '';
  return (
    <>
      {problem && (
        <span role="alert" className="st" data-tone="bad">
          {problem.message}
        </span>
      )}
      <Button variant="default" size="compact-sm" loading={busy} onClick={() => void go()}>
        Try all {count(n)} again{which}
      </Button>
    </>
  );
}
