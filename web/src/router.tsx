import { createRoute, createRouter, lazyRouteComponent, redirect } from '@tanstack/react-router';
import { root, workspace } from './roots';
import { Failed } from './routes/failed';
import { texts } from './ui/url';
import { isPhone } from './ui/use-phone';
import { workRoutes } from './work-routes';

/** Pages in front of the door: nobody is signed in yet. */
const door = <Path extends string, Page>(
  path: Path,
  component: () => Promise<Page>,
  page: keyof Page & string,
) =>
  createRoute({
    getParentRoute: () => root,
    path,
    validateSearch: texts('next'),
    component: lazyRouteComponent(component as never, page as never),
  });

/** Pages of the workspace whose address is all they go by. */
const inside = <Path extends string, Page>(
  path: Path,
  component: () => Promise<Page>,
  page: keyof Page & string,
) =>
  createRoute({
    getParentRoute: () => workspace,
    path,
    component: lazyRouteComponent(component as never, page as never),
  });

const integrations = createRoute({
  getParentRoute: () => workspace,
  path: '/integrations',
  validateSearch: texts('integration', 'status', 'reason', 'problem'),
  component: lazyRouteComponent(() => import('./routes/integrations'), 'IntegrationsRoute'),
});

const runs = createRoute({
  getParentRoute: () => workspace,
  path: '/sync-logs',
  validateSearch: texts('provider', 'state'),
  component: lazyRouteComponent(() => import('./routes/runs'), 'RunsRoute'),
});

const run = createRoute({
  getParentRoute: () => workspace,
  path: '/sync-logs/$id',
  validateSearch: texts('outcome'),
  component: lazyRouteComponent(() => import('./routes/run'), 'RunRoute'),
});

const deliveries = createRoute({
  getParentRoute: () => workspace,
  path: '/sync-logs/deliveries',
  validateSearch: texts('provider', 'state', 'cause', 'kind', 'contact'),
  component: lazyRouteComponent(() => import('./routes/deliveries'), 'DeliveriesRoute'),
});

const billing = createRoute({
  getParentRoute: () => workspace,
  path: '/billing',
  validateSearch: texts('plan', 'from', 'paid'),
  component: lazyRouteComponent(() => import('./routes/billing'), 'BillingRoute'),
});

const audit = createRoute({
  getParentRoute: () => workspace,
  path: '/settings/audit',
  validateSearch: texts('member', 'action', 'subject', 'from', 'to'),
  component: lazyRouteComponent(() => import('./routes/audit'), 'AuditRoute'),
});

const home = createRoute({
  getParentRoute: () => root,
  path: '/',
  beforeLoad: () => {
    // On a phone somebody is on the way and wants to know whom to call.
    throw redirect({ to: isPhone() ? '/next' : '/contacts' });
  },
});

const install = createRoute({
  getParentRoute: () => root,
  path: '/install',
  validateSearch: texts('id', 'integration', 'reason'),
  component: lazyRouteComponent(() => import('./routes/install'), 'InstallRoute'),
});

const tree = root.addChildren([
  home,
  door('/signin', () => import('./routes/sign-in'), 'SignInRoute'),
  door('/signup', () => import('./routes/sign-up'), 'SignUpRoute'),
  door('/confirm', () => import('./routes/confirm'), 'ConfirmRoute'),
  door('/forgot', () => import('./routes/forgot'), 'ForgotRoute'),
  door('/join', () => import('./routes/join'), 'JoinRoute'),
  door('/reset', () => import('./routes/reset'), 'ResetRoute'),
  install,
  door('/dev/mailbox', () => import('./routes/mailbox'), 'MailboxRoute'),
  workspace.addChildren([
    ...workRoutes,
    integrations,
    runs,
    run,
    deliveries,
    inside('/sync-logs/deliveries/$id', () => import('./routes/delivery'), 'DeliveryRoute'),
    inside('/team', () => import('./routes/team'), 'TeamRoute'),
    billing,
    inside('/settings', () => import('./routes/settings'), 'SettingsRoute'),
    inside('/settings/security', () => import('./routes/security'), 'SecurityRoute'),
    audit,
  ]),
]);

export const router = createRouter({
  routeTree: tree,
  defaultPreload: 'intent',
  defaultErrorComponent: Failed,
  scrollRestoration: true,
});

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
}
