import type { DeliveryFilter } from '../../api/deliveries';
import type { Cause, DeliveryCounts, DeliveryKind, DeliveryState } from '../../api/schemas';
import { CAUSES, KIND, STATES } from './words';

export type DeliveriesSearch = { [Name in keyof DeliveryFilter]?: string };

const known = <Word extends string>(words: readonly Word[], value: string | undefined) =>
  words.find((w) => w === value);

/** What the address says, as a filter; words nobody knows mean no filter. */
export function filterOf(search: DeliveriesSearch): DeliveryFilter {
  return {
    provider: search.provider,
    state: known<DeliveryState>(STATES, search.state),
    cause: known<Cause>(CAUSES, search.cause),
    kind: known<DeliveryKind>(Object.keys(KIND) as DeliveryKind[], search.kind),
    contact: search.contact,
  };
}

export const isFiltered = (filter: DeliveryFilter) => Object.values(filter).some((v) => v !== undefined);

/** What "Try again" means for this list: how many, and of which CRMs. */
export function retryable(filter: DeliveryFilter, counts: DeliveryCounts | null | undefined): number {
  if (!counts || filter.contact || filter.kind) return 0;
  const { state, cause } = filter;
  if (state && state !== 'failed' && state !== 'dead') return 0;
  // Choosing among people is for a person, and what was withdrawn is over.
  if (cause === 'ambiguous' || cause === 'withdrawn') return 0;
  const ended = state ? counts[state] : counts.failed + counts.dead;
  if (!cause) return ended;
  return Math.min(ended, counts.causes.find((c) => c.cause === cause)?.count ?? 0);
}
