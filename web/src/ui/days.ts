const DAY_MS = 86_400_000;
const hours = new Intl.DateTimeFormat('en-GB', { timeStyle: 'short' });
const near = new Intl.DateTimeFormat('en-GB', {
  weekday: 'long',
  day: 'numeric',
  month: 'long',
  timeZone: 'UTC',
});
const far = new Intl.DateTimeFormat('en-GB', {
  day: 'numeric',
  month: 'long',
  year: 'numeric',
  timeZone: 'UTC',
});

const short = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', timeZone: 'UTC' });

const two = (n: number) => String(n).padStart(2, '0');

/** The day of a moment where the reader is, as `2026-11-28`. */
export const localDay = (at: Date) => `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;

/** The day something belongs to. Without a time of day it is a date, the same in every time zone. */
export const dayOf = (iso: string, hasTime = true) => (hasTime ? localDay(new Date(iso)) : iso.slice(0, 10));

export const addDays = (day: string, n: number) =>
  new Date(Date.parse(`${day}T00:00:00Z`) + n * DAY_MS).toISOString().slice(0, 10);

/** "Today", "Monday, 30 November", "3 May 2024". */
export function dayTitle(day: string, today = localDay(new Date())): string {
  if (day === today) return 'Today';
  if (day === addDays(today, -1)) return 'Yesterday';
  if (day === addDays(today, 1)) return 'Tomorrow';
  const at = new Date(`${day}T00:00:00Z`);
  return day.slice(0, 4) === today.slice(0, 4) ? near.format(at) : far.format(at);
}

/** "Tomorrow", "1 Dec": for narrow columns. */
export function shortDay(day: string, today = localDay(new Date())): string {
  const title = dayTitle(day, today);
  return title.includes(' ') ? short.format(new Date(`${day}T00:00:00Z`)) : title;
}

/** "14:05", where the reader is. */
export const clock = (iso: string) => hours.format(new Date(iso));

/** "at 14:05" today, "tomorrow at 9:00", "on Monday, 30 November at 9:00". */
export function atWhen(iso: string, now = new Date()): string {
  const [day, today] = [localDay(new Date(iso)), localDay(now)];
  if (day === today) return `at ${clock(iso)}`;
  const title = dayTitle(day, today);
  const when = /^(Tomorrow|Yesterday)$/.test(title) ? title.toLowerCase() : `on ${title}`;
  return `${when} at ${clock(iso)}`;
}

/** What a date-and-time field of the browser shows: local, to the minute. */
export const fieldTime = (at: Date) => `${localDay(at)}T${two(at.getHours())}:${two(at.getMinutes())}`;

export type DayGroup<T> = { day: string; items: T[] };

/** Neighbours of one day together, in the order they came. */
export function byDay<T>(items: readonly T[], day: (item: T) => string): DayGroup<T>[] {
  const groups: DayGroup<T>[] = [];
  for (const item of items) {
    const last = groups.at(-1);
    if (last?.day === day(item)) last.items.push(item);
    else groups.push({ day: day(item), items: [item] });
  }
  return groups;
}
