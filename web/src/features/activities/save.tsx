import {
  createActivity,
  deleteActivity,
  hideActivity,
  putActivity,
  refreshActivities,
  updateActivity,
} from '../../api/activities';
import { keepUnsent } from '../../api/outbox';
import { asProblem } from '../../api/problem';
import type { Activity, NewActivity } from '../../api/schemas';
import { hideToast, toast } from '../../ui/toast';
import { back, changed, type Draft, nextStep, type Person, toActivity } from './draft';
import { KINDS } from './kinds';

const undoLink = (undo: () => void) => (
  <button type="button" className="link" onClick={undo}>
    Undo
  </button>
);

/** Logs what the form says; kept for later when the server cannot be reached. */
export async function logNew(draft: Draft, contact: Person, of: string): Promise<void> {
  const entries = [toActivity(draft, contact), nextStep(draft, contact)].filter((a) => a !== null);
  const made: Activity[] = [];
  let kept = false;
  for (const activity of entries) {
    const key = crypto.randomUUID();
    try {
      made.push(await createActivity(activity, key));
    } catch (error) {
      if (asProblem(error).status !== 0) throw error;
      keepUnsent({ key, of, activity, contactName: contact.full_name });
      kept = true;
    }
  }
  tell(draft, contact, entries, made, kept);
  if (made.length > 0) await refreshActivities();
}

function tell(draft: Draft, contact: Person, entries: NewActivity[], made: Activity[], kept: boolean) {
  const word = KINDS[draft.kind].word;
  const id = `log-${made[0]?.id ?? contact.id}`;
  const what = entries[0]?.done ? 'logged' : draft.kind === 'MEETING' ? 'booked' : 'planned';
  if (kept)
    return toast({
      id,
      long: true,
      title: `${word} with ${contact.full_name} is kept`,
      message: 'The server cannot be reached. It is sent as soon as it can be.',
    });
  const undo = async () => {
    hideToast(id);
    try {
      for (const activity of made) await deleteActivity(activity.id);
    } catch (error) {
      toast({ id, tone: 'bad', title: 'This could not be undone', message: asProblem(error).message });
    }
    await refreshActivities();
  };
  toast({
    id,
    long: true,
    title: `${word} with ${contact.full_name} ${what}`,
    message: (
      <>
        {made.length > 1 && 'With a next step. '}
        {undoLink(() => void undo())}
      </>
    ),
  });
}

/** Sends what differs; Undo sets it back. */
export async function saveEdit(before: Activity, draft: Draft): Promise<void> {
  const patch = changed(before, draft);
  if (Object.keys(patch).length > 0) await edit(before, patch, `${before.title} was changed`);
}

export async function edit(before: Activity, patch: Parameters<typeof updateActivity>[1], title: string) {
  const id = `activity-${before.id}`;
  putActivity(await updateActivity(before.id, patch));
  void refreshActivities();
  const undo = async () => {
    hideToast(id);
    try {
      putActivity(await updateActivity(before.id, back(before, patch)));
      await refreshActivities();
    } catch (error) {
      toast({ id, tone: 'bad', title: 'This could not be undone', message: asProblem(error).message });
    }
  };
  toast({ id, long: true, title, message: undoLink(() => void undo()) });
}

/** Done ahead of its time means done now. */
export const markDone = (activity: Activity, now = new Date()) =>
  edit(
    activity,
    Date.parse(activity.due_at) > now.getTime() || !activity.has_time
      ? { done: true, due_at: now.toISOString(), has_time: true }
      : { done: true },
    `${activity.title} with ${activity.contact.full_name ?? 'a contact'} is done`,
  ).catch((error) =>
    toast({ tone: 'bad', title: 'This was not changed', message: asProblem(error).message }),
  );

// A deletion reaches the CRMs too, so it leaves only when Undo is no longer offered.
const leaving = new Map<string, () => void>();
const UNDO_MS = 8_000;

if (typeof window !== 'undefined')
  window.addEventListener('pagehide', () => {
    for (const go of leaving.values()) go();
  });

export const isLeaving = (id: string) => leaving.has(id);

/** Gone from the page at once, from the server when nobody took it back. */
export function remove(activity: Activity) {
  const id = `activity-${activity.id}`;
  const name = activity.contact.full_name ?? 'a contact';
  hideActivity(activity.id);
  const go = async () => {
    clearTimeout(timer);
    if (!leaving.delete(activity.id)) return;
    hideToast(id);
    try {
      await deleteActivity(activity.id);
    } catch (error) {
      if (asProblem(error).status !== 404)
        toast({
          id,
          tone: 'bad',
          title: `${activity.title} was not deleted`,
          message: asProblem(error).message,
        });
    }
    await refreshActivities();
  };
  const timer = setTimeout(() => void go(), UNDO_MS);
  leaving.set(activity.id, () => void go());
  const undo = () => {
    clearTimeout(timer);
    leaving.delete(activity.id);
    hideToast(id);
    void refreshActivities();
  };
  toast({ id, long: true, title: `${activity.title} with ${name} was deleted`, message: undoLink(undo) });
}
