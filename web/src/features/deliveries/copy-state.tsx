import { Link } from '@tanstack/react-router';
import type { Activity, ActivityCopy } from '../../api/schemas';
import { StatusWord } from '../../ui/status-word';
import { STATE } from './words';

/** Where an activity stands at each CRM: one word, which leads to the record or to the delivery. */
export const CopyStates = ({ activity }: { activity: Activity }) =>
  activity.copies.map((copy) => <CopyState key={copy.provider} copy={copy} />);

function CopyState({ copy }: { copy: ActivityCopy }) {
  const { delivery, provider_name: name } = copy;
  const there = copy.synced && (!delivery || delivery.state === 'delivered');
  if (there)
    return (
      <StatusWord tone="ok">
        {copy.url ? (
          <a href={copy.url} target="_blank" rel="noreferrer" className="quiet">
            In {name}
          </a>
        ) : (
          `In ${name}`
        )}
      </StatusWord>
    );
  if (!delivery) return null;
  const { word, tone } = STATE[delivery.state];
  return (
    <StatusWord tone={tone}>
      <Link to="/sync-logs/deliveries/$id" params={{ id: delivery.id }} className="quiet">
        {name}: {word.toLowerCase()}
      </Link>
    </StatusWord>
  );
}
