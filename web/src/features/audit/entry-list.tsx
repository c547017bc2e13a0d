import type { AuditEntry } from '../../api/schemas';
import { Avatar } from '../../ui/avatar';
import { exact } from '../../ui/figures';
import { actionWords, actor, detailWords } from './words';

type Props = { entries: AuditEntry[]; onSubject: (subject: string) => void };

export function EntryList({ entries, onSubject }: Props) {
  return (
    <ol className="audit">
      {entries.map((entry) => (
        <li key={entry.id}>
          <Avatar name={actor(entry)} />
          <div className="name">
            <b>{actionWords(entry.action)}</b>
            <small>
              {actor(entry)}
              {entry.api_key_id && ', by a script'}
            </small>
          </div>
          <span className="break">{detailWords(entry.detail)}</span>
          {entry.subject ? (
            <button
              type="button"
              className="link mono"
              aria-label={`Everything about ${entry.subject}`}
              title={entry.subject}
              onClick={() => onSubject(entry.subject ?? '')}
            >
              …{entry.subject.slice(-8)}
            </button>
          ) : (
            <span />
          )}
          <time className="num dim" dateTime={entry.at}>
            {exact(entry.at)}
          </time>
        </li>
      ))}
    </ol>
  );
}
