import { useMantineColorScheme } from '@mantine/core';
import {
  IconBuilding,
  IconKeyboard,
  IconListCheck,
  IconLogout,
  IconMoon,
  IconPhone,
  IconPlugConnected,
  IconShieldLock,
  IconTargetArrow,
  IconTruckDelivery,
  IconUserPlus,
  IconUsersPlus,
} from '@tabler/icons-react';
import { useNavigate } from '@tanstack/react-router';
import { may, signOut, switchCompany, useSession } from '../../api/session';

type Command = { label: string; icon: typeof IconMoon; run: () => unknown };

/** Pages that are not in the navigation, and what can be done from anywhere, by what the member may. */
export function useCommands({ onLog, onKeys }: { onLog: () => void; onKeys: () => void }) {
  const session = useSession();
  const navigate = useNavigate();
  const { toggleColorScheme } = useMantineColorScheme();
  const pages: Command[] = [
    {
      label: 'Deliveries to the CRM',
      icon: IconTruckDelivery,
      run: () => navigate({ to: '/sync-logs/deliveries' }),
    },
    { label: 'Security', icon: IconShieldLock, run: () => navigate({ to: '/settings/security' }) },
  ];
  if (may(session, 'read_audit'))
    pages.push({ label: 'Audit log', icon: IconListCheck, run: () => navigate({ to: '/settings/audit' }) });
  const commands: (Command | false)[] = [
    may(session, 'log_activities') && { label: 'Log activity', icon: IconPhone, run: onLog },
    may(session, 'work_contacts') && {
      label: 'Add one person',
      icon: IconUserPlus,
      run: () => navigate({ to: '/contacts', search: { add: 'one' } }),
    },
    may(session, 'manage_campaigns') && {
      label: 'New campaign',
      icon: IconTargetArrow,
      run: () => navigate({ to: '/campaigns', search: { add: 'one' } }),
    },
    may(session, 'manage_team') && {
      label: 'Invite somebody',
      icon: IconUsersPlus,
      run: () => navigate({ to: '/team' }),
    },
    may(session, 'manage_connections') && {
      label: 'Connect a CRM',
      icon: IconPlugConnected,
      run: () => navigate({ to: '/integrations' }),
    },
    { label: 'Switch theme', icon: IconMoon, run: () => toggleColorScheme() },
    { label: 'Keyboard shortcuts', icon: IconKeyboard, run: onKeys },
    ...session.companies
      .filter((company) => company.id !== session.company.id)
      .map((company) => ({
        label: `Switch to ${company.name}`,
        icon: IconBuilding,
        run: async () => {
          await switchCompany(company.id);
          await navigate({ to: '/contacts', search: {} });
        },
      })),
    {
      label: 'Sign out',
      icon: IconLogout,
      run: async () => {
        await navigate({ to: '/signin' });
        await signOut();
      },
    },
  ];
  return { pages, commands: commands.filter((one) => one !== false) };
}
