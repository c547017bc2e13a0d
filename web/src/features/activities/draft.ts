import type { Activity, ActivityKind, ActivityPatch, NewActivity } from '../../api/schemas';
import { addDays, fieldTime, localDay } from '../../ui/days';
import { ASKED, subjectOf } from './kinds';

export type Person = { id: string; full_name: string };

/** What stands in the form. */
export type Draft = {
  contact: Person | null;
  kind: ActivityKind;
  subject: string;
  note: string;
  /** Empty means now; otherwise the value of a date-and-time field. */
  at: string;
  /** Minutes; 0 says nothing about it. */
  minutes: number;
  /** What it is done for; empty for nothing in particular. */
  campaign: string;
  /** Days until the next step; 0 for none. */
  next: number;
};

export const blank = (contact: Person | null): Draft => ({
  contact,
  kind: 'CALL',
  subject: '',
  note: '',
  at: '',
  minutes: 0,
  campaign: '',
  next: 0,
});

export const isEmpty = (draft: Draft) => !draft.note.trim() && !draft.subject.trim() && !draft.at;

export const isAhead = ({ at }: Pick<Draft, 'at'>, now = new Date()) =>
  at !== '' && new Date(at).getTime() > now.getTime();

/** Tomorrow at ten: a first guess for a meeting that is being booked. */
export const tomorrowAtTen = (now = new Date()) => `${addDays(localDay(now), 1)}T10:00`;

/** Whether the draft is of a meeting that was only asked for. */
const isAsked = ({ kind, subject }: Pick<Draft, 'kind' | 'subject'>) =>
  kind === 'MEETING' && subject.trim() === subjectOf('MEETING', ASKED);

const moment = (at: string, now: Date) => (at ? new Date(at) : now).toISOString();

export function toActivity(draft: Draft, contact: Person, now = new Date()): NewActivity {
  return {
    contact_id: contact.id,
    kind: draft.kind,
    subject: draft.subject.trim(),
    note: draft.note.trim(),
    due_at: moment(draft.at, now),
    has_time: true,
    done: !isAhead(draft, now),
    ...(draft.minutes > 0 && { duration_minutes: draft.minutes }),
    ...(draft.campaign && { campaign_id: draft.campaign }),
    ...(isAsked(draft) && { booked: false }),
  };
}

/** The next step is a day without a time: when it suits. */
export function nextStep(draft: Draft, contact: Person, now = new Date()): NewActivity | null {
  if (draft.next === 0) return null;
  return {
    contact_id: contact.id,
    kind: draft.kind === 'EMAIL' || draft.kind === 'LINKEDIN' ? draft.kind : 'CALL',
    subject: 'Follow up',
    due_at: `${addDays(localDay(now), draft.next)}T00:00:00Z`,
    has_time: false,
    done: false,
    ...(draft.campaign && { campaign_id: draft.campaign }),
  };
}

export const fromActivity = (activity: Activity): Draft => ({
  contact: { id: activity.contact.id, full_name: activity.contact.full_name ?? '' },
  kind: activity.kind,
  subject: activity.subject ?? '',
  note: activity.note,
  at: activity.has_time ? fieldTime(new Date(activity.due_at)) : `${activity.due_at.slice(0, 10)}T00:00`,
  minutes: activity.duration_minutes ?? 0,
  campaign: activity.campaign?.id ?? '',
  next: 0,
});

/** Only what differs is sent, so that a colleague's edit of another field survives. */
export function changed(before: Activity, draft: Draft, now = new Date()): ActivityPatch {
  const was = fromActivity(before);
  const patch: ActivityPatch = {};
  if (draft.kind !== was.kind) patch.kind = draft.kind;
  if (draft.subject.trim() !== was.subject) patch.subject = draft.subject.trim();
  if (draft.note.trim() !== was.note) patch.note = draft.note.trim();
  if (draft.minutes !== was.minutes) patch.duration_minutes = draft.minutes || null;
  if (draft.campaign !== was.campaign) patch.campaign_id = draft.campaign || null;
  if (isAsked(draft) !== isAsked(was) && draft.kind === 'MEETING') patch.booked = !isAsked(draft);
  if (draft.at !== was.at) {
    patch.due_at = moment(draft.at, now);
    patch.has_time = true;
    patch.done = !isAhead(draft, now);
  }
  return patch;
}

/** The same fields, as they were. */
export function back(before: Activity, patch: ActivityPatch): ActivityPatch {
  const { kind, subject, note, due_at, has_time, duration_minutes, done, booked } = before;
  const was: ActivityPatch = {
    kind,
    subject,
    note,
    due_at,
    has_time,
    duration_minutes,
    done,
    booked,
    campaign_id: before.campaign?.id ?? null,
  };
  const keys = Object.keys(patch) as (keyof ActivityPatch)[];
  return Object.fromEntries(keys.map((key) => [key, was[key] ?? null]));
}
