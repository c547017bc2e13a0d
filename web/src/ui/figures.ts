const counts = new Intl.NumberFormat('en-GB');
const exactTime = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'short' });
const relative = new Intl.RelativeTimeFormat('en-GB', { numeric: 'auto' });

export const count = (n: number) => counts.format(n);

/** "1 person", "1,246 people": the noun in both numbers, because English has no rule. */
export const counted = (n: number, one: string, many: string) => `${count(n)} ${n === 1 ? one : many}`;

export const exact = (iso: string) => exactTime.format(new Date(iso));

const STEPS: [Intl.RelativeTimeFormatUnit, number][] = [
  ['year', 31_536_000],
  ['month', 2_592_000],
  ['week', 604_800],
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
];

export function ago(iso: string, now = Date.now()): string {
  const seconds = (Date.parse(iso) - now) / 1000;
  if (Math.abs(seconds) < 45) return seconds > 0 ? 'in a moment' : 'just now';
  for (const [unit, size] of STEPS) {
    if (Math.abs(seconds) >= size) return relative.format(Math.round(seconds / size), unit);
  }
  return relative.format(Math.round(seconds / 60) || -1, 'minute');
}

/** Seconds as people say them: "40 s", "3 min", "1 h 20 min". */
export function duration(seconds: number): string {
  const s = Math.max(0, Math.round(seconds));
  if (s < 90) return `${s} s`;
  const minutes = Math.round(s / 60);
  if (minutes < 90) return `${minutes} min`;
  const rest = minutes % 60;
  return rest ? `${Math.floor(minutes / 60)} h ${rest} min` : `${minutes / 60} h`;
}

export const initials = (name: string) =>
  [...name.matchAll(/(?:^|\s)(\p{L}|\p{N})/gu)]
    .map((m) => m[1]?.toLocaleUpperCase('en') ?? '')
    .slice(0, 2)
    .join('') || '·';

/** With a capital, as a sentence begins. */
export const sentence = (words: string) => words.charAt(0).toLocaleUpperCase('en') + words.slice(1);

/** A stable word of the API as people read it: `golden_ticket` becomes "Golden ticket". */
export const humanize = (slug: string) => {
  const words = slug.replaceAll('_', ' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
};
