import { createRootRoute, createRoute, redirect } from '@tanstack/react-router';
import { queryClient } from './api/client';
import { asProblem } from './api/problem';
import { sessionQuery } from './api/session';
import { Failed } from './routes/failed';
import { NotFound } from './routes/not-found';
import { Pending } from './routes/pending';
import { Root } from './routes/root';
import { Workspace } from './routes/workspace';

export const root = createRootRoute({ component: Root, notFoundComponent: NotFound, errorComponent: Failed });

/** Whoever is signed in. */
export const workspace = createRoute({
  getParentRoute: () => root,
  id: 'workspace',
  component: Workspace,
  pendingComponent: Pending,
  errorComponent: Failed,
  beforeLoad: async ({ location }) => {
    try {
      await queryClient.ensureQueryData(sessionQuery);
    } catch (error) {
      if (asProblem(error).status !== 401) throw error;
      throw redirect({ to: '/signin', search: { next: location.href } });
    }
  },
});
