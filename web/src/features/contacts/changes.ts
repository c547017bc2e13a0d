import type { Contact, Member } from '../../api/schemas';
import { heatWord } from '../../ui/warmth';
import { editContact, saveContact } from './edit';
import type { Value } from './value-list';

export const setWarmness = (contact: Contact, warmness: number) =>
  editContact(
    contact,
    { ...contact, warmness },
    { warmness },
    `${contact.full_name} is now ${warmness}, ${heatWord(warmness).toLowerCase()}`,
  );

export const setOwner = (contact: Contact, member: Member | null) =>
  editContact(
    contact,
    { ...contact, owner: member ? { member_id: member.id, name: member.name } : null },
    { owner_member_id: member?.id ?? null },
    member ? `${contact.full_name} belongs to ${member.name} now` : `${contact.full_name} has no owner now`,
  );

export const setTags = (contact: Contact, tags: string[]) =>
  editContact(contact, { ...contact, tags }, { tags }, `Tags of ${contact.full_name} changed`);

export const setName = (contact: Contact, full_name: string) =>
  editContact(contact, { ...contact, full_name }, { full_name }, `Renamed to ${full_name}`);

export const setOrganization = (contact: Contact, organization_name: string) =>
  editContact(
    contact,
    { ...contact, organization: organization_name ? { id: '', name: organization_name } : null },
    { organization_name: organization_name || null },
    organization_name
      ? `${contact.full_name} is with ${organization_name} now`
      : `${contact.full_name} has no organization now`,
  );

export const setEmails = (contact: Contact, emails: Value[]) =>
  saveContact(contact, { emails }, `E-mail of ${contact.full_name} changed`);

export const setPhones = (contact: Contact, phones: Value[]) =>
  saveContact(
    contact,
    { phones: phones.map(({ value, label, primary }) => ({ value, label, primary })) },
    `Phone of ${contact.full_name} changed`,
  );
