const DAY_MS = 86_400_000;

/** Spans that people ask for. In the address as a number of days, so that a link stays true. */
export const DAYS = [
  { value: '1', label: 'Last day' },
  { value: '7', label: 'Last 7 days' },
  { value: '30', label: 'Last 30 days' },
  { value: '365', label: 'Last year' },
];

/** The moment that many days ago, to the minute: the same question is the same query. */
export function since(days: string | undefined, now = Date.now()): string | undefined {
  const known = DAYS.find((one) => one.value === days);
  if (!known) return undefined;
  const minute = Math.floor(now / 60_000) * 60_000;
  return new Date(minute - Number(known.value) * DAY_MS).toISOString();
}
