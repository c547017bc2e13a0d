import { entriesAddress } from '../../api/runs';
import type { Outcome, Run } from '../../api/schemas';
import { count } from '../../ui/figures';
import { notTaken } from './words';

/** The entries of the list as a file; without a filter, those that the run did not take. */
export function EntriesFile({ run, outcome }: { run: Run; outcome: Outcome | undefined }) {
  const n = outcome ? run.counts[outcome] : notTaken(run);
  if (n === 0) return null;
  return (
    <a href={entriesAddress(run.id, outcome)} download className="chip">
      Download {count(n)} {outcome ? '' : 'not imported '}as CSV
    </a>
  );
}
