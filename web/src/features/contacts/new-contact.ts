import type { NewContact } from '../../api/schemas';

type Form = {
  full_name: string;
  email: string;
  phone: string;
  organization: string;
  owner: string;
  tags: string[];
};

/** Empty fields are left out: an empty value is not a value. */
export function newContact(form: Form): NewContact {
  const [email, phone, organization] = [form.email.trim(), form.phone.trim(), form.organization.trim()];
  return {
    full_name: form.full_name.trim(),
    ...(email && { emails: [{ value: email, primary: true }] }),
    ...(phone && { phones: [{ value: phone, primary: true }] }),
    ...(organization && { organization_name: organization }),
    ...(form.owner && { owner_member_id: form.owner }),
    ...(form.tags.length > 0 && { tags: form.tags }),
  };
}
