import { queryOptions } from '@tanstack/react-query';
import { body, http } from './client';
import type { components } from './schema';

type Schemas = components['schemas'];

/** What can be done at a CRM; with its stages when a deal is to be described. */
export const capabilitiesQuery = (provider: string, stages = false) =>
  queryOptions({
    queryKey: ['integrations', provider, 'capabilities', stages],
    queryFn: () =>
      body(
        http.GET('/api/integrations/{provider}/capabilities', {
          params: { path: { provider }, query: stages ? { stages } : {} },
        }),
      ),
    staleTime: 60_000,
  });

/** One key for each opened form: pressed twice, it is done once. */
const once = (provider: string, key: string) => ({
  params: { path: { provider }, header: { 'Idempotency-Key': key } },
});

/** Somebody of the book becomes a person there; who is there already is linked. */
export const createContactThere = (provider: string, key: string, form: Schemas['NewCrmContact']) =>
  body(
    http.POST('/api/integrations/{provider}/actions/create-contact', { ...once(provider, key), body: form }),
  );

export const createNote = (provider: string, key: string, form: Schemas['NewCrmNote']) =>
  body(http.POST('/api/integrations/{provider}/actions/create-note', { ...once(provider, key), body: form }));

export const createTask = (provider: string, key: string, form: Schemas['NewCrmTask']) =>
  body(http.POST('/api/integrations/{provider}/actions/create-task', { ...once(provider, key), body: form }));

/** Nothing is made by it, so it needs no key; posted, for what people look for has no place in an address. */
export const searchRecords = (provider: string, query: string) =>
  body(
    http.POST('/api/integrations/{provider}/actions/search-records', {
      params: { path: { provider } },
      body: { query },
    }),
  );

export const createDeal = (provider: string, key: string, form: Schemas['NewCrmDeal']) =>
  body(http.POST('/api/integrations/{provider}/actions/create-deal', { ...once(provider, key), body: form }));
