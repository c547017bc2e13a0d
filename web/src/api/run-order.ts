import type { Run, RunState } from './schemas';

const FINAL: ReadonlySet<RunState> = new Set<RunState>(['completed', 'failed', 'cancelled']);
export const isFinal = (run: Pick<Run, 'state'>) => FINAL.has(run.state);

/**
 * Which of two reports about one run is the later one.
 *
 * A resumed run is alive again, with one more attempt; within an attempt the end is last and
 * what was seen only grows.
 */
export function newer(known: Run | undefined, heard: Run): Run {
  if (!known || known.id !== heard.id) return heard;
  if (heard.attempts !== known.attempts) return heard.attempts > known.attempts ? heard : known;
  if (isFinal(known) && !isFinal(heard)) return resumed(known, heard) ? heard : known;
  if (isFinal(heard)) return heard;
  return work(heard) >= work(known) ? heard : known;
}

// Waiting in the queue again after "resume" comes before the next attempt is counted.
const resumed = (known: Run, heard: Run) => known.state !== 'completed' && heard.state === 'queued';
const work = (run: Run) => run.seen + run.organizations.seen + run.deals.seen + run.requests;

export type Progress = {
  /** 0 to 100; null when nobody knows how many there are. */
  percent: number | null;
  done: number;
  of: number | null;
};

/** An estimate may be too small; a bar that is full while work goes on would lie, so it stops at 99. */
export function progressOf(run: Run): Progress {
  const of = run.estimate && run.estimate > 0 ? Math.max(run.estimate, run.seen) : null;
  if (run.state === 'completed') return { percent: 100, done: run.seen, of: run.seen };
  if (of === null) return { percent: null, done: run.seen, of: null };
  return { percent: Math.min(99, Math.floor((run.seen / of) * 100)), done: run.seen, of };
}

export type Sum = { parts: number; seen: number; gap: number; holds: boolean };

/** seen = created + updated + linked + unchanged + skipped + conflict + quarantined, checked here too. */
export function reconcile(run: Pick<Run, 'seen' | 'counts'>): Sum {
  const parts = Object.values(run.counts).reduce((sum, n) => sum + n, 0);
  return { parts, seen: run.seen, gap: run.seen - parts, holds: parts === run.seen };
}
