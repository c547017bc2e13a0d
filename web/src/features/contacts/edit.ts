import { holdContact, putContact, releaseContact, updateContact } from '../../api/contacts';
import { asProblem } from '../../api/problem';
import type { Contact, ContactPatch } from '../../api/schemas';
import { hideToast, toast } from '../../ui/toast';
import { undoMessage } from './undo-message';

// Stepping four times quickly is one change: only the last value is sent, and Undo goes back to the first.
const pending = new Map<
  string,
  { timer: ReturnType<typeof setTimeout>; before: Contact; patch: ContactPatch }
>();
const PAUSE_MS = 400;

/** Shows the change at once, sends it after a pause, rolls back with the reason when it is refused. */
export function editContact(contact: Contact, shown: Contact, patch: ContactPatch, title: string) {
  const waiting = pending.get(contact.id);
  if (waiting) clearTimeout(waiting.timer);
  const before = waiting?.before ?? contact;
  const all = { ...waiting?.patch, ...patch };
  holdContact(shown);
  putContact(shown);
  const timer = setTimeout(() => {
    pending.delete(contact.id);
    void send(before, all, title);
  }, PAUSE_MS);
  pending.set(contact.id, { timer, before, patch: all });
}

async function send(before: Contact, patch: ContactPatch, title: string) {
  const id = `edit-${before.id}`;
  try {
    const after = await updateContact(before.id, patch);
    settle(after);
    toast({ id, title, long: true, message: undoMessage(() => void undo(before, patch, id)) });
  } catch (error) {
    settle(before);
    toast({
      id,
      tone: 'bad',
      title: `${before.full_name} was not changed`,
      message: asProblem(error).message,
    });
  }
}

/** Shows what the server said, unless a newer edit is under way by now. */
function settle(contact: Contact) {
  if (pending.has(contact.id)) return;
  releaseContact(contact.id);
  putContact(contact);
}

/** Sends at once and throws what the server objects to, for fields that show it themselves. */
export async function saveContact(before: Contact, patch: ContactPatch, title: string) {
  const id = `edit-${before.id}`;
  putContact(await updateContact(before.id, patch));
  toast({ id, title, long: true, message: undoMessage(() => void undo(before, patch, id)) });
}

async function undo(before: Contact, patch: ContactPatch, id: string) {
  hideToast(id);
  try {
    putContact(await updateContact(before.id, opposite(before, patch)));
  } catch (error) {
    toast({ id, tone: 'bad', title: 'This could not be undone', message: asProblem(error).message });
  }
}

/** The same fields, as they were. */
export function opposite(before: Contact, patch: ContactPatch): ContactPatch {
  const back: ContactPatch = {};
  if (patch.warmness !== undefined) back.warmness = before.warmness;
  if (patch.full_name !== undefined) back.full_name = before.full_name;
  if (patch.owner_member_id !== undefined) back.owner_member_id = before.owner?.member_id ?? null;
  if (patch.tags !== undefined) back.tags = before.tags;
  if (patch.organization_name !== undefined) back.organization_name = before.organization?.name ?? null;
  if (patch.emails !== undefined) back.emails = before.emails.map(plain);
  if (patch.phones !== undefined) back.phones = before.phones.map(plain);
  return back;
}

const plain = ({ value, label, primary }: { value: string; label?: string | null; primary: boolean }) => ({
  value,
  label,
  primary,
});
