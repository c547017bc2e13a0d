import { ActionIcon, Button, Menu } from '@mantine/core';
import { IconCheck, IconClock } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { asProblem } from '../../api/problem';
import { dueQuery } from '../../api/reminders';
import type { Activity } from '../../api/schemas';
import { clock, dayOf, dayTitle } from '../../ui/days';
import { counted } from '../../ui/figures';
import { StatusWord } from '../../ui/status-word';
import { toast } from '../../ui/toast';
import { KINDS } from './kinds';
import { OFFERS, postponed } from './postpone';
import { edit, markDone } from './save';
import { isOverdue } from './timeline-groups';

/** More than a screen holds beside what else is there. */
const SHOWN = 5;

/** Next steps of the member that are due today or before, the longest first: done or put off with one tap. */
export function DueList({ member }: { member: string }) {
  const { data } = useQuery(dueQuery(member));
  const [all, setAll] = useState(false);
  const due = [...(data?.items ?? [])].reverse();
  if (due.length === 0) return null;
  const shown = all ? due : due.slice(0, SHOWN);
  return (
    <section className="due" aria-label="Due">
      <h2>
        Due <span className="num">{data?.more ? `${due.length}+` : due.length}</span>
      </h2>
      <ul className="next">
        {shown.map((activity) => (
          <Due key={activity.id} activity={activity} />
        ))}
      </ul>
      {due.length > SHOWN && !all && (
        <div className="more">
          <Button variant="default" onClick={() => setAll(true)}>
            Show {counted(due.length - SHOWN, 'more', 'more')}
          </Button>
        </div>
      )}
    </section>
  );
}

async function putOff(activity: Activity, days: number, words: string) {
  try {
    await edit(activity, postponed(activity, days), `${activity.title} is due ${words.toLowerCase()}`);
  } catch (error) {
    toast({ tone: 'bad', title: 'This was not put off', message: asProblem(error).message });
  }
}

function Due({ activity: a }: { activity: Activity }) {
  const { icon: Icon, word } = KINDS[a.kind];
  const whom = a.contact.full_name ?? 'a contact';
  const day = dayTitle(dayOf(a.due_at, a.has_time));
  const name = `${a.title} with ${whom}`;
  return (
    <li>
      <span className="mark" role="img" aria-label={word}>
        <Icon size={17} stroke={1.7} aria-hidden />
      </span>
      <div className="whom">
        <Link to="/contacts/person/$id" params={{ id: a.contact.id }} className="primary">
          {whom}
        </Link>
        <p className="why">
          {a.title}, {a.has_time ? `${day} at ${clock(a.due_at)}` : day}{' '}
          {isOverdue(a) && <StatusWord tone="warn">Overdue</StatusWord>}
        </p>
      </div>
      <div className="acts">
        <ActionIcon variant="default" size={40} aria-label={`Done: ${name}`} onClick={() => void markDone(a)}>
          <IconCheck size={17} stroke={1.7} aria-hidden />
        </ActionIcon>
        <Menu position="bottom-end" width={180} shadow="md">
          <Menu.Target>
            <ActionIcon variant="default" size={40} aria-label={`Put off: ${name}`}>
              <IconClock size={17} stroke={1.7} aria-hidden />
            </ActionIcon>
          </Menu.Target>
          <Menu.Dropdown>
            <Menu.Label>Due again</Menu.Label>
            {OFFERS.map(({ days, label }) => (
              <Menu.Item key={days} onClick={() => void putOff(a, days, label)}>
                {label}
              </Menu.Item>
            ))}
          </Menu.Dropdown>
        </Menu>
      </div>
    </li>
  );
}
