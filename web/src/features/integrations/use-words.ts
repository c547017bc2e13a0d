import type { BudgetLedger, DayUse, Purpose } from '../../api/schemas';
import { count, counted } from '../../ui/figures';

/** In the order of the stacks and the legend; renewing access costs nothing that is counted. */
export const PURPOSES: { key: Purpose; word: string }[] = [
  { key: 'import', word: 'Imports' },
  { key: 'browse', word: 'Looking at people' },
  { key: 'connect', word: 'Connecting' },
  { key: 'refresh', word: 'Renewing access' },
];

const dayAndMonth = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', timeZone: 'UTC' });

export const dayWords = (day: string) => dayAndMonth.format(new Date(`${day}T00:00:00Z`));

export const tokensOf = (day: DayUse, purpose: Purpose) =>
  day.purposes.find((p) => p.purpose === purpose)?.tokens ?? 0;

export const slowDowns = (day: DayUse) => day.purposes.reduce((sum, p) => sum + p.throttled, 0);

/** The sentence above the chart: what a reader should take from it. */
export function takeaway({ days }: BudgetLedger, unit: string): string {
  const total = days.reduce((sum, d) => sum + d.tokens, 0);
  const today = days.at(-1);
  if (!today || total === 0) return `No ${unit}s were used in the last 14 days.`;
  const most = days.reduce((a, b) => (b.tokens > a.tokens ? b : a));
  const parts = PURPOSES.map(({ key, word }) => ({ n: tokensOf(today, key), word: word.toLowerCase() }))
    .filter((p) => p.n > 0)
    .map((p) => `${count(p.n)} for ${p.word}`);
  const now = `Today ${counted(today.tokens, unit, `${unit}s`)}${parts.length ? `: ${parts.join(', ')}` : ''}.`;
  const peak =
    most === today
      ? 'More than on any other day of the last 14.'
      : `Most on ${dayWords(most.day)}: ${count(most.tokens)}.`;
  return days.filter((d) => d.tokens > 0).length === 1 && most === today
    ? `${now} None on the 13 days before.`
    : `${now} ${peak}`;
}

/** A round number at or above the highest bar, for the grid. */
export function ceiling(max: number): number {
  if (max <= 10) return 10;
  const power = 10 ** Math.floor(Math.log10(max));
  const step = [1, 2, 4, 5, 10].find((s) => s * power >= max) ?? 10;
  return step * power;
}
