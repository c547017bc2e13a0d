export const WHILES = [
  { days: 1, label: 'Tomorrow' },
  { days: 3, label: 'In 3 days' },
  { days: 7, label: 'In a week' },
  { days: 30, label: 'In a month' },
];

const MORNING = 6; // o'clock: before anybody's first look at the list

/** The beginning of that day, where the reader is. */
export function morningIn(days: number, now = new Date()): string {
  const at = new Date(now);
  at.setDate(at.getDate() + days);
  at.setHours(MORNING, 0, 0, 0);
  return at.toISOString();
}
