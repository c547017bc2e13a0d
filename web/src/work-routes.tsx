import { createRoute, lazyRouteComponent, redirect } from '@tanstack/react-router';
import { queryClient } from './api/client';
import { contactsQuery } from './api/contacts';
import { statusQuery } from './api/integrations';
import { suggestedQuery } from './api/suggestions';
import { activitiesSearch } from './features/activities/url';
import { contactsSearch, filterOf } from './features/contacts/url';
import { workspace } from './roots';
import { texts } from './ui/url';

const contacts = createRoute({
  getParentRoute: () => workspace,
  path: '/contacts',
  validateSearch: contactsSearch,
  // Asked for while the page itself is on its way; nobody waits here.
  loader: ({ location }) =>
    void queryClient.prefetchInfiniteQuery(contactsQuery(filterOf(contactsSearch(location.search)))),
  component: lazyRouteComponent(() => import('./routes/contacts'), 'ContactsRoute'),
});

const contact = createRoute({
  getParentRoute: () => workspace,
  path: '/contacts/person/$id',
  validateSearch: texts('edit'),
  component: lazyRouteComponent(() => import('./routes/contact'), 'ContactRoute'),
});

const activities = createRoute({
  getParentRoute: () => workspace,
  path: '/activities',
  validateSearch: activitiesSearch,
  component: lazyRouteComponent(() => import('./routes/activities'), 'ActivitiesRoute'),
});

const next = createRoute({
  getParentRoute: () => workspace,
  path: '/next',
  validateSearch: texts('owner', 'campaign'),
  loader: ({ location }) =>
    void queryClient.prefetchQuery(suggestedQuery(texts('owner', 'campaign')(location.search))),
  component: lazyRouteComponent(() => import('./routes/next'), 'NextRoute'),
});

const campaigns = createRoute({
  getParentRoute: () => workspace,
  path: '/campaigns',
  validateSearch: texts('add'),
  component: lazyRouteComponent(() => import('./routes/campaigns'), 'CampaignsRoute'),
});

const campaign = createRoute({
  getParentRoute: () => workspace,
  path: '/campaigns/$id',
  component: lazyRouteComponent(() => import('./routes/campaign'), 'CampaignRoute'),
});

const reports = createRoute({
  getParentRoute: () => workspace,
  path: '/reports',
  validateSearch: texts('period', 'from', 'to', 'campaign', 'member', 'method'),
  component: lazyRouteComponent(() => import('./routes/reports'), 'ReportsRoute'),
});

const importPeople = createRoute({
  getParentRoute: () => workspace,
  path: '/contacts/$provider',
  validateSearch: texts('search', 'integration', 'status'),
  component: lazyRouteComponent(() => import('./routes/import-people'), 'ImportRoute'),
  loader: async ({ params }) => {
    const { providers } = await queryClient.ensureQueryData(statusQuery);
    const provider = providers.find((p) => p.provider === params.provider);
    if (!provider || provider.allowed) return;
    throw redirect({
      to: '/contacts',
      search: { upgrade: provider.upgrade_to ?? '', from: provider.provider },
    });
  },
});

const importFile = createRoute({
  getParentRoute: () => workspace,
  path: '/contacts/from-file',
  component: lazyRouteComponent(() => import('./routes/import-file'), 'ImportFileRoute'),
});

/** Where people spend their day. */
export const workRoutes = [
  contacts,
  contact,
  activities,
  next,
  campaigns,
  campaign,
  reports,
  importFile,
  importPeople,
] as const;
