import '../../styles/picker.css';
import { TextInput } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { IconSearch } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useId, useState } from 'react';
import { findContacts, recentContacts } from '../../api/contacts';
import { Avatar } from '../../ui/avatar';
import type { Person } from './draft';

type Props = { label: string; onPick: (person: Person) => void; autoFocus?: boolean };

/** The people one worked with last, or those a search finds; one tap takes one. */
export function ContactPicker({ label, onPick, autoFocus }: Props) {
  const id = useId();
  const [text, type] = useState('');
  const [asked] = useDebouncedValue(text.trim(), 150);
  const recent = useQuery(recentContacts);
  const found = useQuery(findContacts(asked));
  const searching = asked.length > 1;
  const people = (searching ? found.data?.items : recent.data?.items) ?? [];
  const nobody = searching
    ? !found.isFetching && people.length === 0
    : recent.isSuccess && people.length === 0;
  return (
    <div className="picker">
      <TextInput
        label={label}
        type="search"
        placeholder="Search by name or e-mail"
        autoComplete="off"
        leftSection={<IconSearch size={15} aria-hidden />}
        value={text}
        onChange={(e) => type(e.currentTarget.value)}
        data-autofocus={autoFocus || undefined}
        aria-describedby={id}
      />
      <p className="hint" id={id} role="status">
        {nobody
          ? searching
            ? 'Nobody matches.'
            : 'There are no contacts yet.'
          : searching
            ? 'Found'
            : 'Recent'}
      </p>
      <ul>
        {people.map((c) => (
          <li key={c.id}>
            <button type="button" onClick={() => onPick({ id: c.id, full_name: c.full_name })}>
              <Avatar name={c.full_name} />
              <span>
                <b>{c.full_name}</b>
                <small>
                  {[c.organization?.name, c.emails[0]?.value].filter(Boolean).join(', ') || 'No address yet'}
                </small>
              </span>
            </button>
          </li>
        ))}
      </ul>
    </div>
  );
}
