import type { Connection } from '../../api/schemas';
import { Moment } from '../../ui/moment';
import { everyWords } from './every-words';

type Props = { changes: Connection['changes']; webhooks: Connection['webhooks'] };

/** Whether changes at the CRM arrive by themselves, how, and when it was last looked. */
export function Hearing({ changes: c, webhooks: w }: Props) {
  const looked = c.looked_at && (
    <>
      last looked <Moment at={c.looked_at} />
    </>
  );
  const why = [c.reason, c.arrive === 'at_once' ? null : w?.state_reason].filter(Boolean);
  return (
    <>
      {c.arrive === 'at_once' && (
        <>
          At once
          {w?.last_received_at && (
            <>
              , last <Moment at={w.last_received_at} />
            </>
          )}
        </>
      )}
      {c.arrive === 'regularly' && (
        <>
          By themselves, {everyWords(c.every_minutes)}
          {looked && <>; {looked}</>}
        </>
      )}
      {c.arrive === 'on_request' && 'Only when somebody imports'}
      {c.arrive === 'at_once' && !w?.last_received_at && (
        <div className="hint">Nothing was told in the last week.</div>
      )}
      {c.arrive === 'at_once' && c.every_minutes && (
        <div className="hint">
          Read {everyWords(c.every_minutes)} as well{looked && <>, {looked}</>}.
        </div>
      )}
      {w?.state === 'failing' && (
        <div className="hint">The CRM cannot tell of them right now; it is asked again by itself.</div>
      )}
      {c.arrive === 'regularly' && c.next_at && (
        <div className="hint">
          Next <Moment at={c.next_at} />
        </div>
      )}
      {why.map((words) => (
        <div className="hint" key={words}>
          {words}
        </div>
      ))}
    </>
  );
}
