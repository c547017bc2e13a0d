import { ActionIcon, Menu } from '@mantine/core';
import { IconCheck, IconDots, IconPencil, IconTrash } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import { type ReactNode, useRef, useState } from 'react';
import { readActivity } from '../../api/activities';
import { asProblem } from '../../api/problem';
import type { Activity } from '../../api/schemas';
import { may, useSession } from '../../api/session';
import { clock, dayOf, shortDay } from '../../ui/days';
import { exact } from '../../ui/figures';
import { StatusWord } from '../../ui/status-word';
import { toast } from '../../ui/toast';
import { KINDS } from './kinds';
import { editActivity } from './log-request';
import { markDone, remove } from './save';
import { isOverdue } from './timeline-groups';

/** Longer notes are folded. */
const FOLD = 220;

type Props = {
  activity: Activity;
  /** Whom it is with. */
  named?: boolean;
  /** Its day as well as its time: the group holds several. */
  dated?: boolean;
  crm: ReactNode;
};

export function Entry({ activity: a, named, dated, crm }: Props) {
  const { icon: Icon, word } = KINDS[a.kind];
  const overdue = isOverdue(a);
  const meta = [
    a.duration_minutes && `${a.duration_minutes} min`,
    a.member?.name ?? 'A former member',
  ].filter(Boolean);
  return (
    <li className="entry" data-open={!a.done || undefined}>
      <span className="at num">
        {dated && <b>{shortDay(dayOf(a.due_at, a.has_time))}</b>}
        {a.has_time ? (
          <time dateTime={a.due_at} title={exact(a.due_at)}>
            {clock(a.due_at)}
          </time>
        ) : (
          !dated && <span className="dim">All day</span>
        )}
      </span>
      <span className="mark" role="img" aria-label={word}>
        <Icon size={16} stroke={1.7} aria-hidden />
      </span>
      <div className="what">
        <p className="t">
          <span className="primary">{a.title}</span>
          {named && a.contact.full_name && (
            <>
              {' with '}
              <Link to="/contacts/person/$id" params={{ id: a.contact.id }} className="quiet">
                {a.contact.full_name}
              </Link>
            </>
          )}
        </p>
        {a.note && <Note activity={a} />}
        <p className="meta">
          {!a.done && (
            <StatusWord tone={overdue ? 'warn' : 'idle'}>{overdue ? 'Overdue' : 'To do'}</StatusWord>
          )}
          <span>{meta.join(', ')}</span>
          {crm}
        </p>
      </div>
      <EntryActions activity={a} />
    </li>
  );
}

function Note({ activity }: { activity: Activity }) {
  const [whole, setWhole] = useState<string | null>(null);
  const long = activity.note_cut || activity.note.length > FOLD;
  const unfold = async () => {
    if (!activity.note_cut) return setWhole(activity.note);
    try {
      setWhole((await readActivity(activity.id)).note);
    } catch (error) {
      toast({ tone: 'bad', title: 'The note could not be loaded', message: asProblem(error).message });
    }
  };
  return (
    <p className="note-text">
      {whole ?? (long ? `${activity.note.slice(0, FOLD).trimEnd()}…` : activity.note)}
      {long && (
        <>
          {' '}
          <button
            type="button"
            className="link"
            aria-expanded={whole !== null}
            onClick={() => (whole === null ? void unfold() : setWhole(null))}
          >
            {whole === null ? 'Whole note' : 'Less'}
          </button>
        </>
      )}
    </p>
  );
}

function EntryActions({ activity: a }: { activity: Activity }) {
  const session = useSession();
  const opener = useRef<HTMLButtonElement>(null);
  if (!may(session, 'log_activities')) return null;
  const name = `${a.title}${a.contact.full_name ? ` with ${a.contact.full_name}` : ''}`;
  // A list has cut notes; what is edited must be whole.
  const edit = async () => {
    opener.current?.focus(); // the menu item is gone when the dialog gives the focus back
    try {
      editActivity(a.note_cut ? await readActivity(a.id) : a);
    } catch (error) {
      toast({ tone: 'bad', title: 'The activity could not be loaded', message: asProblem(error).message });
    }
  };
  return (
    <span className="acts">
      {!a.done && (
        <ActionIcon
          variant="subtle"
          color="gray"
          size={32}
          aria-label={`Mark as done: ${name}`}
          onClick={() => void markDone(a)}
        >
          <IconCheck size={17} aria-hidden />
        </ActionIcon>
      )}
      <Menu position="bottom-end" width={170} shadow="md">
        <Menu.Target>
          <ActionIcon ref={opener} variant="subtle" color="gray" size={32} aria-label={`Actions for ${name}`}>
            <IconDots size={17} aria-hidden />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item
            leftSection={<IconPencil size={16} stroke={1.7} aria-hidden />}
            onClick={() => void edit()}
          >
            Edit
          </Menu.Item>
          <Menu.Item leftSection={<IconTrash size={16} stroke={1.7} aria-hidden />} onClick={() => remove(a)}>
            Delete
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
    </span>
  );
}
