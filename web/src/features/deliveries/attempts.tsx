import type { Attempt } from '../../api/schemas';
import { counted, exact } from '../../ui/figures';
import { StatusWord, type Tone } from '../../ui/status-word';

const STEP: Record<string, string> = {
  organization: 'Create the organization',
  label: 'Create the label',
  reference: 'Create the field that marks our records',
  person: 'Create the person',
  person_labels: 'Add the label to the person',
  activity: 'Write the activity',
};

const OUTCOME: Record<string, { word: string; tone: Tone }> = {
  sending: { word: 'On its way', tone: 'busy' },
  done: { word: 'Done', tone: 'ok' },
  found: { word: 'Found there', tone: 'ok' },
  absent: { word: 'Not there', tone: 'idle' },
  unsettled: { word: 'Answer lost, sent again', tone: 'idle' },
  refused: { word: 'Refused', tone: 'bad' },
  not_sent: { word: 'Not sent', tone: 'warn' },
  unknown: { word: 'Answer lost', tone: 'warn' },
};

/** Each request that was to change something, folded: most readers need the sentence above only. */
export function Attempts({ attempts }: { attempts: Attempt[] }) {
  if (attempts.length === 0) return <p className="hint">Nothing was sent yet that would change the CRM.</p>;
  return (
    <details className="attempts">
      <summary>{counted(attempts.length, 'attempt', 'attempts')}</summary>
      <ol>
        {attempts.map((a) => {
          const outcome = OUTCOME[a.outcome] ?? { word: a.outcome, tone: 'idle' as const };
          const facts = [a.status && `HTTP ${a.status}`, a.remote_id && `record ${a.remote_id}`].filter(
            Boolean,
          );
          return (
            <li key={a.n}>
              <time dateTime={a.started_at} className="num dim">
                {exact(a.started_at)}
              </time>
              <span>{STEP[a.step] ?? a.step}</span>
              <StatusWord tone={outcome.tone}>{outcome.word}</StatusWord>
              <span className="dim num">
                {facts.join(', ')}
                {a.reason && <span className="mono"> {a.reason}</span>}
              </span>
            </li>
          );
        })}
      </ol>
    </details>
  );
}
