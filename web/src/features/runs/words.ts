import type { Outcome, Run, RunMode, RunState } from '../../api/schemas';
import { count, counted, duration, humanize } from '../../ui/figures';
import type { Tone } from '../../ui/status-word';

const MODES: Record<RunMode, string> = {
  full: 'Everyone',
  selective: 'Selected people',
  incremental: 'Changes only',
};

export const modeWords = (run: Run): string => {
  if (run.fixes) return 'Corrected rows';
  return run.connection_id ? (MODES[run.mode as RunMode] ?? humanize(run.mode)) : 'People';
};

/** Who began a run that no member asked for. */
export const askerWords = (run: Run): string => {
  if (run.by_webhook) return 'A change at the CRM';
  return run.by_schedule ? 'By itself' : 'Tandem';
};

export const STATE: Record<RunState, { word: string; tone: Tone }> = {
  queued: { word: 'Queued', tone: 'idle' },
  running: { word: 'Running', tone: 'busy' },
  waiting: { word: 'Waiting', tone: 'warn' },
  completed: { word: 'Completed', tone: 'ok' },
  failed: { word: 'Failed', tone: 'bad' },
  cancelled: { word: 'Cancelled', tone: 'idle' },
};

const PHASE: Record<string, string> = {
  users: 'Reading who owns what',
  fields: 'Reading field names',
  organizations: 'Reading organizations',
  deals: 'Reading deals',
  persons: 'Importing people',
  reconcile: 'Checking that everything adds up',
};

export const phaseWords = (run: Run): string => {
  if (run.state === 'queued') return 'Queued, starts in a moment';
  if (run.state === 'waiting') return 'Waiting for the limit of the provider';
  return PHASE[run.phase] ?? 'Starting';
};

/** What a count means; `unchanged` has no entries, it is only counted. */
export const OUTCOMES: { key: Outcome | 'unchanged'; word: string; tone: Tone; means: string }[] = [
  { key: 'created', word: 'Created', tone: 'ok', means: 'new contacts' },
  { key: 'updated', word: 'Updated', tone: 'ok', means: 'contacts that got newer values' },
  { key: 'linked', word: 'Linked', tone: 'ok', means: 'matched somebody already in the book' },
  { key: 'unchanged', word: 'Unchanged', tone: 'idle', means: 'already up to date; only counted' },
  { key: 'skipped', word: 'Skipped', tone: 'idle', means: 'left out on purpose, with the reason' },
  {
    key: 'conflict',
    word: 'Conflict',
    tone: 'warn',
    means: 'matched two different contacts; nobody was changed',
  },
  { key: 'quarantined', word: 'Quarantined', tone: 'bad', means: 'could not be read; kept with the reason' },
];

/** A word of the address as an outcome; anything else means no filter. */
export const outcomeOf = (word: string | undefined): Outcome | undefined =>
  OUTCOMES.map((o) => o.key).find((key): key is Outcome => key === word && key !== 'unchanged');

/** A word of the address as a state of a run. */
export const stateOf = (word: string | undefined): RunState | undefined =>
  (Object.keys(STATE) as RunState[]).find((state) => state === word);

export const wroteNothing = (run: Run) => run.counts.created + run.counts.updated + run.counts.linked === 0;

/** Who was looked at and nothing came of it. */
export const notTaken = ({ counts }: Run) => counts.skipped + counts.conflict + counts.quarantined;

/** The result in one line: "3 created, 1 updated". */
export function summary(run: Run): string {
  const parts = OUTCOMES.filter((o) => o.key !== 'unchanged' && run.counts[o.key] > 0).map(
    (o) => `${count(run.counts[o.key])} ${o.word.toLowerCase()}`,
  );
  if (run.counts.unchanged > 0) parts.push(`${count(run.counts.unchanged)} unchanged`);
  return parts.join(', ') || 'nothing to do';
}

export function resultTitle(run: Run): string {
  if (run.state === 'failed') return `The import from ${run.provider_name} stopped`;
  if (run.state === 'cancelled') return `The import from ${run.provider_name} was cancelled`;
  if (run.limit_reached) return `The import from ${run.provider_name} stopped at your plan's limit`;
  if (wroteNothing(run) && run.counts.conflict + run.counts.quarantined === 0)
    return 'Everything is already up to date';
  return `Imported from ${run.provider_name}`;
}

/** One sentence about where the run stands. */
export function stateSentence(run: Run): string {
  const taken =
    run.started_at && run.finished_at
      ? (Date.parse(run.finished_at) - Date.parse(run.started_at)) / 1000
      : null;
  const seen = counted(run.seen, 'person', 'people');
  switch (run.state) {
    case 'queued':
      return 'Queued; it starts as soon as a worker is free.';
    case 'running':
      return `${phaseWords(run)}. You can leave this page, the run goes on.`;
    case 'waiting':
      return 'The provider asked us to wait; the run goes on by itself.';
    case 'completed':
      return `Read ${seen}${taken === null ? '' : ` in ${duration(taken)}`}.`;
    case 'cancelled':
      return `Cancelled after ${seen}. What was imported until then stays.`;
    case 'failed':
      return `Stopped after ${seen}. What was imported until then stays.`;
  }
}
