import { Button } from '@mantine/core';
import { discardUnsent, sendUnsent, useUnsent } from '../../api/outbox';
import { useSession } from '../../api/session';
import { StatusWord } from '../../ui/status-word';
import { KINDS } from './kinds';

/** What was logged without a connection: marked, and sent by itself when there is one again. */
export function UnsentEntries({ contact, named }: { contact?: string; named?: boolean }) {
  const session = useSession();
  const of = `${session.company.id}:${session.member.id}`;
  const unsent = useUnsent(of).filter((u) => !contact || u.activity.contact_id === contact);
  const Heading = named ? 'h2' : 'h3';
  if (unsent.length === 0) return null;
  return (
    <section className="day" aria-label="Not sent yet">
      <Heading>Not sent yet</Heading>
      <ul>
        {unsent.map((u) => {
          const { icon: Icon, word } = KINDS[u.activity.kind];
          return (
            <li key={u.key} className="entry">
              <span className="at" />
              <span className="mark" role="img" aria-label={word}>
                <Icon size={16} stroke={1.7} aria-hidden />
              </span>
              <div className="what">
                <p className="t">
                  <span className="primary">{u.activity.subject || word}</span> with {u.contactName}
                </p>
                {u.activity.note && <p className="note-text">{u.activity.note}</p>}
                <p className="meta">
                  <StatusWord tone={u.problem ? 'bad' : 'warn'}>
                    {u.problem ? 'Not accepted' : 'Not sent yet'}
                  </StatusWord>
                  <span>
                    {u.problem ?? 'Kept on this device; it goes out when the server can be reached.'}
                  </span>
                </p>
              </div>
              <span className="acts">
                {!u.problem && (
                  <Button variant="default" size="compact-sm" onClick={() => void sendUnsent(of)}>
                    Send now
                  </Button>
                )}
                <Button variant="subtle" color="gray" size="compact-sm" onClick={() => discardUnsent(u.key)}>
                  Discard
                </Button>
              </span>
            </li>
          );
        })}
      </ul>
    </section>
  );
}
