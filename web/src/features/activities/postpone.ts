import type { Activity, ActivityPatch } from '../../api/schemas';
import { addDays, localDay } from '../../ui/days';

export const OFFERS = [
  { days: 1, label: 'Tomorrow' },
  { days: 3, label: 'In 3 days' },
  { days: 7, label: 'In a week' },
];

/** So many days from today; at its own time of day, if it has one. */
export function postponed(
  { due_at, has_time }: Pick<Activity, 'due_at' | 'has_time'>,
  days: number,
  now = new Date(),
): ActivityPatch {
  const day = addDays(localDay(now), days);
  if (!has_time) return { due_at: `${day}T00:00:00Z` };
  const was = new Date(due_at);
  const [year, month, date] = day.split('-').map(Number) as [number, number, number];
  const at = new Date(year, month - 1, date, was.getHours(), was.getMinutes());
  return { due_at: at.toISOString() };
}
