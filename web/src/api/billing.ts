import { queryOptions } from '@tanstack/react-query';
import { body, http } from './client';

export const billingQuery = queryOptions({
  queryKey: ['billing'],
  queryFn: () => body(http.GET('/api/billing')),
});

export const changePlan = (plan: string) => body(http.POST('/api/billing/plan', { body: { plan } }));
