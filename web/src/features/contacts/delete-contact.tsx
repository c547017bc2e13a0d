import { Button } from '@mantine/core';
import type { Contact } from '../../api/schemas';
import { deleteMany } from './many';

/** Gone from the page at once, and brought back by Undo for as long as it is offered. */
export function DeleteContact({ contact, onDeleted }: { contact: Contact; onDeleted: () => void }) {
  const remove = () => {
    deleteMany({ ids: [contact.id], n: 1, name: contact.full_name });
    onDeleted();
  };
  return (
    <section className="stackv" aria-label="Delete">
      {contact.linked.length > 0 && (
        <p className="hint">The record in the CRM stays; a later import would add the person again.</p>
      )}
      <div className="row-acts">
        <Button color="ember" variant="light" onClick={remove}>
          Delete {contact.full_name}
        </Button>
      </div>
    </section>
  );
}
