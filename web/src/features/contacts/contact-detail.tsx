import { NativeSelect, TagsInput, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { membersQuery } from '../../api/contacts';
import type { Contact, ProviderStatus } from '../../api/schemas';
import { may, useSession } from '../../api/session';
import { humanize } from '../../ui/figures';
import { Moment } from '../../ui/moment';
import { Warmness } from '../../ui/warmness';
import { setName, setOwner, setTags, setWarmness } from './changes';
import { CustomFields } from './custom-fields';
import { DeleteContact } from './delete-contact';
import { LinkedRecords } from './linked-records';

type Props = { contact: Contact; providers: ProviderStatus[]; onDeleted: () => void };

export function ContactDetail({ contact, providers, onDeleted }: Props) {
  const session = useSession();
  const { data: members } = useQuery(membersQuery);
  const [name, typeName] = useState(contact.full_name);
  const edited = contact.edited.map(humanize);
  return (
    <div className="stackv">
      <div className="form">
        <TextInput
          label="Name"
          value={name}
          onChange={(e) => typeName(e.currentTarget.value)}
          onBlur={() => name.trim() && name.trim() !== contact.full_name && setName(contact, name.trim())}
          onKeyDown={(e) => e.key === 'Enter' && e.currentTarget.blur()}
        />
        <div>
          <div className="label">Warmness</div>
          <Warmness
            value={contact.warmness}
            name={contact.full_name}
            always
            onChange={(w) => setWarmness(contact, w)}
          />
        </div>
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
        <TagsInput label="Tags" value={contact.tags} onChange={(tags) => setTags(contact, tags)} />
      </div>
      <dl className="facts">
        {contact.emails.map((e) => (
          <Fact key={e.value} term={e.primary ? 'Email, primary' : 'Email'}>
            <a href={`mailto:${e.value}`}>{e.value}</a>
          </Fact>
        ))}
        {contact.phones.map((p) => (
          <Fact key={p.value} term={p.primary ? 'Phone, primary' : 'Phone'}>
            <a href={`tel:${p.e164 ?? p.value}`}>{p.value}</a>
          </Fact>
        ))}
        <Fact term="Organization">{contact.organization?.name ?? <span className="dim">None</span>}</Fact>
        <Fact term="Last contacted">
          <Moment at={contact.last_contacted_at} />
        </Fact>
        <Fact term="Source">
          {contact.source ? humanize(contact.source) : <span className="dim">Unknown</span>}
        </Fact>
        <Fact term="Added">
          <Moment at={contact.created_at} />
        </Fact>
        <Fact term="Changed">
          <Moment at={contact.updated_at} />
        </Fact>
        {edited.length > 0 && (
          <Fact term="Edited here">{edited.join(', ')}. Imports leave these fields as they are.</Fact>
        )}
      </dl>
      <LinkedRecords linked={contact.linked} providers={providers} />
      <CustomFields fields={contact.custom_fields} />
      <DeleteContact contact={contact} onDeleted={onDeleted} />
    </div>
  );
}

const Fact = ({ term, children }: { term: string; children: React.ReactNode }) => (
  <>
    <dt>{term}</dt>
    <dd>{children}</dd>
  </>
);
