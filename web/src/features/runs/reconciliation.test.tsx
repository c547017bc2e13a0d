import {
  createMemoryHistory,
  createRootRoute,
  createRoute,
  createRouter,
  RouterProvider,
} from '@tanstack/react-router';
import { render, screen } from '@testing-library/react';
import { expect, test } from 'vitest';
import type { Run } from '../../api/schemas';
import { Reconciliation } from './reconciliation';

const COUNTS = { created: 3, updated: 1, linked: 0, unchanged: 5, skipped: 0, conflict: 0, quarantined: 1 };

async function show(part: Partial<Run>, outcome?: string) {
  const run = { id: 'r1', seen: 10, counts: COUNTS, ...part } as Run;
  const root = createRootRoute();
  const page = createRoute({
    getParentRoute: () => root,
    path: '/sync-logs/$id',
    component: () => <Reconciliation run={run} outcome={outcome} />,
  });
  const router = createRouter({
    routeTree: root.addChildren([page]),
    history: createMemoryHistory({
      initialEntries: [`/sync-logs/r1${outcome ? `?outcome=${outcome}` : ''}`],
    }),
  });
  render(<RouterProvider router={router as never} />);
  await screen.findByText('read');
}

test('a run that adds up says so, with both sides', async () => {
  await show({});
  expect(screen.getByText('Adds up')).toBeInTheDocument();
  expect(screen.getByText('10 read = 10 accounted for.')).toBeInTheDocument();
});

test('a run that does not add up is never called complete', async () => {
  await show({ seen: 12 });
  expect(screen.queryByText('Adds up')).not.toBeInTheDocument();
  expect(screen.getByText('Does not add up')).toBeInTheDocument();
  expect(screen.getByText(/2 are missing/)).toBeInTheDocument();
});

test('each count with entries filters them; unchanged and empty ones have none', async () => {
  await show({});
  expect(screen.getByRole('link', { name: /3 Created/ })).toHaveAttribute(
    'href',
    '/sync-logs/r1?outcome=created',
  );
  expect(screen.queryByRole('link', { name: /Unchanged/ })).not.toBeInTheDocument();
  expect(screen.queryByRole('link', { name: /Linked/ })).not.toBeInTheDocument();
});

test('the chosen count is marked, and choosing it again shows everything', async () => {
  await show({}, 'created');
  const chosen = screen.getByRole('link', { name: /3 Created/ });
  expect(chosen).toHaveAttribute('aria-current', 'true');
  expect(chosen).toHaveAttribute('href', '/sync-logs/r1');
});
