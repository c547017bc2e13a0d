import type { Activity } from '../../api/schemas';
import { byDay, type DayGroup, dayOf, localDay } from '../../ui/days';

export type Timeline = {
  /** Still to do although its day is over; the oldest first. */
  overdue: Activity[];
  /** After today; the next one first. */
  ahead: Activity[];
  /** Today and before, the latest first. */
  past: DayGroup<Activity>[];
};

const day = (a: Activity) => dayOf(a.due_at, a.has_time);

/** The feed comes latest first. What is to be done stands on top, what was done below by day. */
export function timeline(items: readonly Activity[], now = new Date()): Timeline {
  const today = localDay(now);
  const by = (a: Activity, b: Activity) => day(a).localeCompare(day(b));
  const late = (a: Activity) => !a.done && day(a) < today;
  // A date without a time is the same day everywhere, so the order of moments may be a day off.
  const past = items.filter((a) => day(a) <= today && !late(a)).sort((a, b) => by(b, a));
  return {
    overdue: items.filter(late).reverse().sort(by),
    ahead: items
      .filter((a) => day(a) > today)
      .reverse()
      .sort(by),
    past: byDay(past, day),
  };
}

/** Its moment is over and it is not done; a date is over when the day is. */
export function isOverdue({ done, due_at, has_time }: Activity, now = new Date()): boolean {
  if (done) return false;
  return has_time ? Date.parse(due_at) < now.getTime() : due_at.slice(0, 10) < localDay(now);
}
