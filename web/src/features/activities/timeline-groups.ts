import type { Activity } from '../../api/schemas';
import { byDay, type DayGroup, dayOf, localDay } from '../../ui/days';

export type Timeline = { ahead: DayGroup<Activity>[]; past: DayGroup<Activity>[] };

const day = (a: Activity) => dayOf(a.due_at, a.has_time);

/** The feed comes latest first. What lies ahead of today is turned round: the next thing is on top. */
export function timeline(items: readonly Activity[], now = new Date()): Timeline {
  const today = localDay(now);
  const by = (a: Activity, b: Activity) => day(a).localeCompare(day(b));
  // A date without a time is the same day everywhere, so the order of moments may be a day off.
  const ahead = items.filter((a) => day(a) > today).reverse();
  const past = items.filter((a) => day(a) <= today);
  return {
    ahead: byDay(ahead.sort(by), day),
    past: byDay(
      past.sort((a, b) => by(b, a)),
      day,
    ),
  };
}

/** Still to do although its day is over. */
export function isOverdue({ done, due_at, has_time }: Activity, now = new Date()): boolean {
  if (done) return false;
  return has_time ? Date.parse(due_at) < now.getTime() : due_at.slice(0, 10) < localDay(now);
}
