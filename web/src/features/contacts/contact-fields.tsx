import { NativeSelect, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { lazy, Suspense, useEffect, useRef, useState } from 'react';
import { membersQuery } from '../../api/contacts';
import type { Contact } from '../../api/schemas';
import { may, useSession } from '../../api/session';
import { setEmails, setName, setOrganization, setOwner, setPhones } from './changes';
import { ValueList } from './value-list';

const TagsField = lazy(() => import('./tags-field').then((m) => ({ default: m.TagsField })));

type Props = {
  contact: Contact;
  objections?: Record<string, string>;
  /** The field somebody was sent to; a new object each time. */
  asked?: { field: string };
};

/** What a member edits of a person, in place. */
export function ContactFields({ contact, objections = {}, asked }: Props) {
  const session = useSession();
  const { data: members } = useQuery(membersQuery);
  return (
    <div className="form">
      <InPlace
        label="Name"
        value={contact.full_name}
        needed
        objection={objections.full_name ?? objections.name}
        asked={/name$/.test(asked?.field ?? '') && !/^org/.test(asked?.field ?? '') ? asked : undefined}
        onSave={(name) => setName(contact, name)}
      />
      <ValueList
        word="E-mail"
        type="email"
        values={contact.emails}
        show={(e) => <a href={`mailto:${e.value}`}>{e.value}</a>}
        onSave={(emails) => setEmails(contact, emails)}
        objection={objections.emails ?? objections.email}
        asked={/^email/.test(asked?.field ?? '') ? asked : undefined}
      />
      <ValueList
        word="Phone"
        type="tel"
        values={contact.phones}
        show={(p) => (
          <a href={`tel:${contact.phones.find((o) => o.value === p.value)?.e164 ?? p.value}`}>{p.value}</a>
        )}
        onSave={(phones) => setPhones(contact, phones)}
        objection={objections.phones ?? objections.phone}
        asked={/^phone/.test(asked?.field ?? '') ? asked : undefined}
      />
      <InPlace
        label="Organization"
        value={contact.organization?.name ?? ''}
        objection={objections.organization_name ?? objections.organization}
        asked={/^organization/.test(asked?.field ?? '') ? asked : undefined}
        onSave={(name) => setOrganization(contact, name)}
      />
      {may(session, 'see_all_contacts') && members && (
        <NativeSelect
          label="Owner"
          value={contact.owner?.member_id ?? ''}
          onChange={(e) => {
            const id = e.currentTarget.value;
            setOwner(contact, members.items.find((m) => m.id === id) ?? null);
          }}
          data={[
            { value: '', label: 'Nobody' },
            ...members.items.map((m) => ({ value: m.id, label: m.name })),
          ]}
        />
      )}
      <Suspense fallback={<TextInput label="Tags" value={contact.tags.join(', ')} readOnly />}>
        <TagsField contact={contact} />
      </Suspense>
    </div>
  );
}

type InPlaceProps = {
  label: string;
  value: string;
  needed?: boolean;
  objection?: string;
  asked?: { field: string };
  onSave: (text: string) => void;
};

function InPlace({ label, value, needed, objection, asked, onSave }: InPlaceProps) {
  const [text, type] = useState(value);
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => type(value), [value]);
  useEffect(() => {
    if (asked) field.current?.focus();
  }, [asked]);
  return (
    <TextInput
      ref={field}
      label={label}
      value={text}
      autoComplete="off"
      error={objection}
      onChange={(e) => type(e.currentTarget.value)}
      onBlur={() => {
        const next = text.trim();
        if (next === value) return;
        if (needed && !next) type(value);
        else onSave(next);
      }}
      onKeyDown={(e) => e.key === 'Enter' && e.currentTarget.blur()}
    />
  );
}
