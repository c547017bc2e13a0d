import type { components } from '../../api/schema';

type Schemas = components['schemas'];
export type Lifecycle = Schemas['CrmLifecycle'];
export type Stage = Schemas['CrmLifecycleStage'];

export const STAGE: Record<Stage, string> = {
  subscriber: 'Subscriber',
  lead: 'Lead',
  marketing_qualified: 'Marketing qualified',
  sales_qualified: 'Sales qualified',
  opportunity: 'Opportunity',
  customer: 'Customer',
  evangelist: 'Evangelist',
};

/** What a stage makes of somebody who is new at a CRM. */
export function makes(life: Lifecycle, stage: Stage, name: string): string {
  const offer = life.stages.find((s) => s.stage === stage);
  if (offer?.reason) return offer.reason;
  if (offer?.becomes === 'lead')
    return `Creates a lead: without an organization and without deals, until somebody converts it in ${name}.`;
  if (life.changeable) return 'Creates a contact in this stage. A stage moves only forward there.';
  return `Creates a contact, with its organization. ${name} keeps no stage of a contact.`;
}
