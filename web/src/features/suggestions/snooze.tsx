import { ActionIcon, Menu } from '@mantine/core';
import { IconClock } from '@tabler/icons-react';
import { asProblem } from '../../api/problem';
import type { Suggestion } from '../../api/schemas';
import { hideSuggestion, refreshSuggestions, snoozeContact } from '../../api/suggestions';
import { hideToast, toast } from '../../ui/toast';
import { morningIn, WHILES } from './while';

type Contact = Suggestion['contact'];

async function putOff(contact: Contact, days: number, words: string) {
  const id = `snooze-${contact.id}`;
  hideSuggestion(contact.id);
  const undo = async () => {
    hideToast(id);
    await attempt(id, () => snoozeContact(contact.id, null));
  };
  const done = await attempt(id, () => snoozeContact(contact.id, morningIn(days)));
  if (!done) return;
  toast({
    id,
    long: true,
    title: `${contact.full_name} comes back ${words.toLowerCase()}`,
    message: (
      <button type="button" className="link" onClick={() => void undo()}>
        Undo
      </button>
    ),
  });
}

async function attempt(id: string, work: () => Promise<unknown>) {
  try {
    await work();
    return true;
  } catch (error) {
    toast({ id, tone: 'bad', title: 'This was not put off', message: asProblem(error).message });
    return false;
  } finally {
    await refreshSuggestions();
  }
}

/** Not now: until a morning of choice the contact is not suggested to this member. */
export function Snooze({ contact, size }: { contact: Contact; size: number }) {
  return (
    <Menu position="bottom-end" width={180} shadow="md">
      <Menu.Target>
        <ActionIcon variant="default" size={size} aria-label={`Put off ${contact.full_name}`}>
          <IconClock size={17} stroke={1.7} aria-hidden />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>Suggest again</Menu.Label>
        {WHILES.map(({ days, label }) => (
          <Menu.Item key={days} onClick={() => void putOff(contact, days, label)}>
            {label}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}
