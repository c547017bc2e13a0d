import { TagsInput } from '@mantine/core';
import type { Contact } from '../../api/schemas';
import { setTags } from './changes';

/** Comes a moment after the page: what it takes is larger than the rest of the fields together. */
export function TagsField({ contact }: { contact: Contact }) {
  return <TagsInput label="Tags" value={contact.tags} onChange={(tags) => setTags(contact, tags)} />;
}
