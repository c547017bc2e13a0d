import type { Delivery, DeliveryState } from '../../api/schemas';
import { isOver } from './words';

const WAITING: ReadonlySet<DeliveryState> = new Set<DeliveryState>([
  'queued',
  'sending',
  'retrying',
  'unknown',
]);

/** Still on its way by itself. */
export const isWaiting = ({ state }: Pick<Delivery, 'state'>) => WAITING.has(state);

export type CrmStand = {
  lead: Delivery | undefined;
  /** Newest first: what of the contact's other deliveries needs somebody, or waits. */
  troubled: Delivery[];
};

/** What a contact's deliveries, newest first, say about one CRM. */
export function standOf(deliveries: readonly Delivery[], provider: string): CrmStand {
  const here = deliveries.filter((d) => d.provider === provider);
  return {
    lead: here.find((d) => d.kind === 'warm_lead'),
    troubled: here.filter((d) => d.kind !== 'warm_lead' && d.state !== 'delivered' && !isOver(d.cause)),
  };
}

/** What CRMs object to in the contact itself, by its field. */
export function objectionsOf(deliveries: readonly Delivery[]): Record<string, string> {
  const found: Record<string, string> = {};
  for (const d of deliveries)
    if (d.kind === 'warm_lead' && d.state === 'failed')
      for (const { field, words } of d.objections) if (field) found[field] = `${d.provider_name}: ${words}`;
  return found;
}
