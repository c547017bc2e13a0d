import { queryOptions } from '@tanstack/react-query';
import { body, http } from './client';
import type { PlanId } from './schemas';

export const billingQuery = queryOptions({
  queryKey: ['billing'],
  queryFn: () => body(http.GET('/api/billing')),
});

export const changePlan = (plan: PlanId) => body(http.POST('/api/billing/plan', { body: { plan } }));
