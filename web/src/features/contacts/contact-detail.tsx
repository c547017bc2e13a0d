import type { ReactNode } from 'react';
import type { Contact } from '../../api/schemas';
import { Warmness } from '../../ui/warmness';
import { setWarmness } from './changes';
import { ContactFacts } from './contact-facts';
import { ContactFields } from './contact-fields';
import { CustomFields } from './custom-fields';
import { DeleteContact } from './delete-contact';

type Props = { contact: Contact; crm: ReactNode; asked?: { field: string }; onDeleted: () => void };

export const ContactDetail = ({ contact, crm, asked, onDeleted }: Props) => (
  <div className="stackv">
    <div>
      <div className="label">Warmness</div>
      <Warmness
        value={contact.warmness}
        name={contact.full_name}
        always
        onChange={(w) => setWarmness(contact, w)}
      />
    </div>
    {crm}
    <ContactFields contact={contact} asked={asked} />
    <ContactFacts contact={contact} />
    <CustomFields fields={contact.custom_fields} />
    <DeleteContact contact={contact} onDeleted={onDeleted} />
  </div>
);
