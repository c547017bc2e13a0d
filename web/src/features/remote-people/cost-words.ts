import type { CostForecast } from '../../api/schemas';
import { count, counted } from '../../ui/figures';
import type { Tone } from '../../ui/status-word';

/** An estimate as people read it; what nobody can know is said to be unknown. */
export const costWords = (n: number | null | undefined, atLeast: boolean) =>
  n == null ? 'Unknown' : atLeast ? `${count(n)} or more` : `About ${count(n)}`;

export type Verdict = { tone: Tone; word: string; means: string };

export function verdict(cost: CostForecast, name: string): Verdict {
  if (cost.fits === 'waits') {
    const when = cost.resets_at ? '' : `, at an hour that ${name} does not announce`;
    return {
      tone: 'warn',
      word: cost.left_for_imports > 0 ? "More than today's budget" : "Today's budget is used up",
      means: `It imports what fits, waits, and goes on by itself when the next day begins there${when}. It needs ${counted(cost.days ?? 1, 'more day', 'more days')}.`,
    };
  }
  if (cost.fits === 'unknown')
    return {
      tone: 'idle',
      word: 'Cost not known yet',
      means: `${name} gives no totals, so the first import is counted as it runs. Should the day's budget not suffice, it waits and goes on by itself.`,
    };
  return {
    tone: 'ok',
    word: "Fits in today's budget",
    means: cost.at_least
      ? 'If nothing changed. Each page of changes costs one more request.'
      : cost.source === 'selection'
        ? 'Counted from your selection.'
        : 'Estimated from what the last complete import saw.',
  };
}
