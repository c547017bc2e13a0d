import { deleteContact, refreshContacts } from '../../api/contacts';
import type { Contact } from '../../api/schemas';
import { DeleteAsked } from '../../ui/delete-asked';
import { toast } from '../../ui/toast';

export function DeleteContact({ contact, onDeleted }: { contact: Contact; onDeleted: () => void }) {
  const remove = async () => {
    await deleteContact(contact.id);
    onDeleted();
    toast({ title: `${contact.full_name} was deleted` });
    await refreshContacts();
  };
  return (
    <DeleteAsked name={contact.full_name} what="contact" onDelete={remove}>
      {contact.linked.length > 0 && 'The record in the CRM stays; a later import would add the person again.'}
    </DeleteAsked>
  );
}
