import type { DeliveryFilter } from '../../api/deliveries';
import type { Cause, DeliveryCounts, DeliveryKind, DeliveryState } from '../../api/schemas';
import { CAUSES, isOver, KIND, STATES } from './words';

export type DeliveriesSearch = {
  provider?: string;
  state?: string;
  cause?: string;
  kind?: string;
  contact?: string;
};

/** What the card of a connection counts together. */
export const GROUPS: Record<string, { word: string; states: DeliveryState[] }> = {
  waiting: { word: 'All that wait', states: ['retrying', 'unknown', 'sending', 'queued'] },
  failing: { word: 'All that need you', states: ['failed', 'dead'] },
};

const known = <Word extends string>(words: readonly Word[], value: string | undefined) =>
  words.find((w) => w === value);

function statesOf(word: string | undefined): DeliveryState[] | undefined {
  const state = known<DeliveryState>(STATES, word);
  return state ? [state] : word ? GROUPS[word]?.states : undefined;
}

/** What the address says, as a filter; words nobody knows mean no filter. */
export function filterOf(search: DeliveriesSearch): DeliveryFilter {
  return {
    provider: search.provider,
    states: statesOf(search.state),
    cause: known<Cause>(CAUSES, search.cause),
    kind: known<DeliveryKind>(Object.keys(KIND) as DeliveryKind[], search.kind),
    contact: search.contact,
  };
}

export const isFiltered = (filter: DeliveryFilter) => Object.values(filter).some((v) => v !== undefined);

/** The state that a retry of all asks for; nothing where it is both. */
export const retryState = ({ states }: DeliveryFilter): DeliveryState | undefined =>
  states?.length === 1 ? states[0] : undefined;

/** How many "Try again" would take up under this filter. */
export function retryable(filter: DeliveryFilter, counts: DeliveryCounts | null | undefined): number {
  if (!counts || filter.contact || filter.kind) return 0;
  const { states = GROUPS.failing?.states ?? [], cause } = filter;
  // Choosing among people is for a person, and what was withdrawn is over.
  if (cause === 'ambiguous' || isOver(cause)) return 0;
  const ended = states.reduce((n, s) => n + (s === 'failed' || s === 'dead' ? counts[s] : 0), 0);
  if (!cause) return ended;
  return Math.min(ended, counts.causes.find((c) => c.cause === cause)?.count ?? 0);
}
