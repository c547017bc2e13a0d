import type { Billing, Plan } from '../../api/schemas';
import { count } from '../../ui/figures';

export type PlanRow = { id: string; words: string; values: string[] };

const limit = (n: number | null | undefined) => (n == null ? 'No limit' : count(n));

/** The table of differences: limits first, then only features that not every plan has alike. */
export function planRows(plans: Plan[]): PlanRow[] {
  const features = new Map<string, string>();
  for (const plan of plans) for (const f of plan.features) features.set(f.id, f.words);
  const has = (plan: Plan, id: string) => plan.features.some((f) => f.id === id && f.included);
  const rows = [...features].map(([id, words]) => ({
    id,
    words,
    values: plans.map((p) => (has(p, id) ? 'Included' : 'No')),
  }));
  return [
    { id: 'contacts', words: 'Contacts', values: plans.map((p) => limit(p.contacts)) },
    { id: 'seats', words: 'Seats', values: plans.map((p) => limit(p.seats)) },
    ...rows,
  ];
}

/** "Upgrade" or "Switch": plans are listed from small to large. */
export function verb(billing: Billing, plan: Plan): 'Upgrade' | 'Switch' {
  const at = (id: string) => billing.plans.findIndex((p) => p.id === id);
  return at(plan.id) > at(billing.plan) ? 'Upgrade' : 'Switch';
}
