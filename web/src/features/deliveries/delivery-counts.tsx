import { Link } from '@tanstack/react-router';
import type { DeliveryFilter } from '../../api/deliveries';
import type { DeliveryCounts as Counts, DeliveryState } from '../../api/schemas';
import { count } from '../../ui/figures';
import { STATE } from './words';

// In the order of urgency for a reader; what moves by itself and is empty is left out.
const ORDER: DeliveryState[] = [
  'failed',
  'dead',
  'held',
  'retrying',
  'unknown',
  'queued',
  'sending',
  'delivered',
];
const ALWAYS = new Set<DeliveryState>(['failed', 'held', 'retrying', 'delivered']);

/** How many there are of each state; each opens its list. */
export function DeliveryCounts({
  counts,
  filter,
}: {
  counts: Counts | null | undefined;
  filter: DeliveryFilter;
}) {
  const on = (state: DeliveryState) => filter.states?.includes(state) ?? false;
  const only = (state: DeliveryState) => on(state) && filter.states?.length === 1;
  return (
    <ul className="counts" aria-label="Deliveries by state">
      {ORDER.filter((state) => ALWAYS.has(state) || (counts?.[state] ?? 0) > 0 || on(state)).map((state) => {
        const n = counts?.[state] ?? 0;

        const { word, tone, means } = STATE[state];
        return (
          <li key={state}>
            <Link
              to="/sync-logs/deliveries"
              search={(old) => ({ ...old, state: only(state) ? undefined : state, cause: undefined })}
              replace
              className="term"
              data-tone={n > 0 ? tone : undefined}
              title={`${word}: ${means}`}
              aria-current={on(state) ? 'true' : undefined}
              activeOptions={{ exact: true, includeSearch: true }}
            >
              <b>
                {count(n)}
                {counts?.at_least && n >= 50_000 ? '+' : ''}
              </b>
              <span>{word}</span>
            </Link>
          </li>
        );
      })}
    </ul>
  );
}
