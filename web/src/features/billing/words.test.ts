import { describe, expect, test } from 'vitest';
import type { Billing, Plan, Subscription } from '../../api/schemas';
import { losses, next } from './words';

const subscription = (more: Partial<Subscription>): Subscription => ({
  plan: 'business',
  state: 'active',
  renews_at: null,
  ends_at: null,
  grace_until: null,
  others: 0,
  read_at: null,
  ...more,
});

describe('what happens next', () => {
  test('a subscription renews, or ends, and never both', () => {
    expect(next(subscription({ renews_at: '2031-03-02T12:00:00Z' }), 14)).toBe('Renews on 2 March 2031.');
    const ending = subscription({ renews_at: '2031-03-02T12:00:00Z', ends_at: '2031-03-02T12:00:00Z' });
    expect(next(ending, 14)).toBe('Ends on 2 March 2031. Until then everything stays as it is.');
  });
  test('an overdue payment says until when the plan is kept', () => {
    const overdue = subscription({ state: 'past_due', grace_until: '2031-03-02T12:00:00Z' });
    expect(next(overdue, 14)).toContain('stays until 2 March 2031');
  });
});

describe('what a smaller plan takes', () => {
  const plan = (id: Plan['id'], contacts: number | null, seats: number | null, included: boolean): Plan => ({
    id,
    name: id,
    price_words: '',
    contacts,
    seats,
    features: [{ id: 'crm', words: 'Connect a CRM', included }],
    for_sale: true,
  });
  const billing = {
    plan: 'business',
    plans: [plan('free', 500, 1, false), plan('business', 100_000, 3, true), plan('teams', null, null, true)],
    usage: { contacts: 1_200, seats: 2 },
  } as Billing;
  test('features, contacts and seats are each named', () => {
    const said = losses(billing, billing.plans[0] as Plan);
    expect(said).toHaveLength(3);
    expect(said[0]).toContain('connect a CRM');
    expect(said[1]).toContain('1,200 contacts');
    expect(said[2]).toContain('remove members first');
  });
  test('a larger plan takes nothing', () => {
    expect(losses(billing, billing.plans[2] as Plan)).toEqual([]);
  });
});
