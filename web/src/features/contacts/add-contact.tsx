import { Button, Modal, NativeSelect, TagsInput, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { queryClient } from '../../api/client';
import { createContact, membersQuery, refreshContacts } from '../../api/contacts';
import type { Contact } from '../../api/schemas';
import { may, sessionQuery, useSession } from '../../api/session';
import { useSubmit } from '../../api/use-submit';
import { FormProblem } from '../../ui/form-problem';
import { usePhone } from '../../ui/use-phone';
import { newContact } from './new-contact';

const EMPTY = { full_name: '', email: '', phone: '', organization: '', owner: '', tags: [] as string[] };

type Props = { opened: boolean; onClose: () => void; onCreated: (contact: Contact) => void };

/** One person by hand. What was typed survives a refusal; a known address leads to who has it. */
export function AddContact({ opened, onClose, onCreated }: Props) {
  const phone = usePhone();
  const session = useSession();
  const { data: members } = useQuery({ ...membersQuery, enabled: opened });
  const [form, setForm] = useState(EMPTY);
  const { busy, problem, submit, clear } = useSubmit();
  const field = (name: Exclude<keyof typeof EMPTY, 'tags'>) => ({
    name,
    value: form[name],
    error: problem?.fields[name] ?? problem?.fields[`${name}s`],
    onChange: (e: React.ChangeEvent<HTMLInputElement | HTMLSelectElement>) => {
      const { value } = e.currentTarget;
      setForm((f) => ({ ...f, [name]: value }));
    },
  });
  const add = () =>
    submit(async () => {
      const contact = await createContact(newContact(form));
      setForm(EMPTY);
      await Promise.all([
        refreshContacts(),
        queryClient.invalidateQueries({ queryKey: sessionQuery.queryKey }),
      ]);
      onCreated(contact);
    });
  const close = () => {
    clear();
    onClose();
  };
  return (
    <Modal
      opened={opened}
      onClose={close}
      title="Add one person"
      fullScreen={phone}
      size={460}
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      <form
        className="form"
        onSubmit={(event) => {
          event.preventDefault();
          void add();
        }}
      >
        {problem && (
          <FormProblem
            key={problem.message}
            title={problem.message}
            requestId={problem.status >= 500 ? problem.requestId : null}
          >
            {problem.existing && (
              <p>
                <Link to="/contacts" search={{ contact: problem.existing }} onClick={close}>
                  Open the contact that has this address
                </Link>
              </p>
            )}
            {problem.upgradeTo && (
              <p>
                <Link to="/billing" search={{ plan: problem.upgradeTo }}>
                  Compare plans
                </Link>
              </p>
            )}
          </FormProblem>
        )}
        <TextInput
          label="Name"
          required
          withAsterisk={false}
          data-autofocus
          autoComplete="off"
          {...field('full_name')}
        />
        <TextInput label="Email" type="email" autoComplete="off" {...field('email')} />
        <TextInput label="Phone" type="tel" autoComplete="off" {...field('phone')} />
        <TextInput label="Organization" autoComplete="off" {...field('organization')} />
        {may(session, 'see_all_contacts') && (
          <NativeSelect
            label="Owner"
            data={[
              { value: '', label: 'Nobody yet' },
              ...(members?.items ?? []).map((m) => ({ value: m.id, label: m.name })),
            ]}
            {...field('owner')}
          />
        )}
        <TagsInput
          label="Tags"
          description="Type a word and press Enter"
          value={form.tags}
          onChange={(tags) => setForm((f) => ({ ...f, tags }))}
        />
        <div className="row-acts">
          <Button type="submit" loading={busy}>
            Add person
          </Button>
          <Button variant="default" onClick={close}>
            Cancel
          </Button>
        </div>
      </form>
    </Modal>
  );
}
