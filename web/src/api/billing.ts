import { queryOptions } from '@tanstack/react-query';
import { body, http } from './client';
import type { PlanId } from './schemas';

export const billingQuery = queryOptions({
  queryKey: ['billing'],
  queryFn: () => body(http.GET('/api/billing')),
});

/** With the test biller: at once. */
export const changePlan = (plan: PlanId) => body(http.POST('/api/billing/plan', { body: { plan } }));

/** Where a plan is paid for, or its change confirmed; `from` comes back with the browser. */
export const beginCheckout = async (plan: PlanId, from?: string) =>
  (await body(http.POST('/api/billing/checkout', { body: { plan, from } }))).url;

export const openPortal = async () => (await body(http.POST('/api/billing/portal'))).url;

/** Has Stripe asked again, where its message is late. */
export const refreshBilling = () => http.POST('/api/billing/refresh');
