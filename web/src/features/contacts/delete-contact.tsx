import { Button } from '@mantine/core';
import { useState } from 'react';
import { deleteContact, refreshContacts } from '../../api/contacts';
import type { Contact } from '../../api/schemas';
import { useSubmit } from '../../api/use-submit';
import { FormProblem } from '../../ui/form-problem';
import { toast } from '../../ui/toast';

/** The button that does it names whom; what stays elsewhere is said before. */
export function DeleteContact({ contact, onDeleted }: { contact: Contact; onDeleted: () => void }) {
  const [asked, ask] = useState(false);
  const { busy, problem, submit } = useSubmit();
  const remove = () =>
    submit(async () => {
      await deleteContact(contact.id);
      onDeleted();
      toast({ title: `${contact.full_name} was deleted` });
      await refreshContacts();
    });
  return (
    <section className="stackv" aria-label="Delete">
      {problem && <FormProblem key={problem.message} title={problem.message} />}
      {asked && (
        <p className="hint">
          This cannot be undone.{' '}
          {contact.linked.length > 0 &&
            'The record in the CRM stays; a later import would add the person again.'}
        </p>
      )}
      <div className="row-acts">
        {asked ? (
          <>
            <Button color="ember" loading={busy} onClick={() => void remove()}>
              Delete {contact.full_name}
            </Button>
            <Button variant="default" onClick={() => ask(false)}>
              Keep
            </Button>
          </>
        ) : (
          <Button variant="default" onClick={() => ask(true)}>
            Delete this contact
          </Button>
        )}
      </div>
    </section>
  );
}
