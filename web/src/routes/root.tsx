import { Outlet } from '@tanstack/react-router';
import { lazy, Suspense } from 'react';
import { usePhone } from '../ui/use-phone';

// What is said waits in its store until the part that shows it is here.
const Notifications = lazy(() =>
  import('@mantine/notifications').then((m) => ({ default: m.Notifications })),
);

// Notifications carry links, so they live below the router.
export function Root() {
  const phone = usePhone();
  return (
    <>
      <Outlet />
      <Suspense fallback={null}>
        <Notifications position={phone ? 'top-center' : 'bottom-right'} limit={6} />
      </Suspense>
    </>
  );
}
