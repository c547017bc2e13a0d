import { Notifications } from '@mantine/notifications';
import { Outlet } from '@tanstack/react-router';
import { usePhone } from '../ui/use-phone';

// Notifications carry links, so they live below the router.
export function Root() {
  const phone = usePhone();
  return (
    <>
      <Outlet />
      <Notifications position={phone ? 'top-center' : 'bottom-right'} limit={6} />
    </>
  );
}
