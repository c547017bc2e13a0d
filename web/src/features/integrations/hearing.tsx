import type { Connection } from '../../api/schemas';
import { Moment } from '../../ui/moment';

/** Whether the CRM tells of changes by itself, and since when it has not. */
export function Hearing({ webhooks: w }: { webhooks: NonNullable<Connection['webhooks']> }) {
  if (w.state !== 'on') {
    return (
      <>
        {w.state === 'off'
          ? 'Only when somebody imports'
          : 'Cannot be heard right now, tried again by itself'}
        {w.state_reason && <div className="hint">{w.state_reason}</div>}
      </>
    );
  }
  return w.last_received_at ? (
    <>
      Arrive by themselves, last <Moment at={w.last_received_at} />
    </>
  ) : (
    <>
      Arrive by themselves<div className="hint">Nothing was told in the last week.</div>
    </>
  );
}
