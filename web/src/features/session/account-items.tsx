import { Menu, useMantineColorScheme } from '@mantine/core';
import { IconCheck, IconLogout, IconMailbox, IconSettings } from '@tabler/icons-react';
import { useNavigate } from '@tanstack/react-router';
import type { ReactElement, Ref } from 'react';
import { signOut, switchCompany, useSession } from '../../api/session';
import { humanize } from '../../ui/figures';
import { SoonMenu } from '../../ui/soon-menu';
import { toast } from '../../ui/toast';
import { PAGES } from './pages';
import { THEMES } from './themes';

/** What a phone has no tab for; settings stand here anyway. */
const REST = PAGES.filter((page) => !page.tab && page.to !== '/settings');

type Props = { target: (ref: Ref<HTMLButtonElement>) => ReactElement; compact?: boolean };

/** The other pages on a phone, the theme, the other companies, and the way out. */
export function AccountItems({ target, compact }: Props) {
  const session = useSession();
  const navigate = useNavigate();
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const leave = async () => {
    await navigate({ to: '/signin' });
    await signOut();
  };
  const enter = async (id: string, name: string) => {
    await switchCompany(id);
    await navigate({ to: '/contacts', search: {} });
    toast({ title: `You are in ${name} now` });
  };
  return (
    <SoonMenu position={compact ? 'bottom-end' : 'top-start'} width={240} target={target}>
      <Menu.Dropdown>
        <Menu.Label>
          {session.user.email}, {humanize(session.member.role).toLowerCase()}
        </Menu.Label>
        {session.companies.length > 1 && <Menu.Divider />}
        {session.companies.length > 1 &&
          session.companies.map((c) => (
            <Menu.Item
              key={c.id}
              disabled={c.id === session.company.id}
              rightSection={
                c.id === session.company.id ? <IconCheck size={14} aria-label="current" /> : undefined
              }
              onClick={() => void enter(c.id, c.name)}
            >
              {c.name}
            </Menu.Item>
          ))}
        <Menu.Divider />
        <Menu.Label>Theme</Menu.Label>
        {THEMES.map((t) => (
          <Menu.Item
            key={t.value}
            leftSection={<t.icon size={16} stroke={1.7} aria-hidden />}
            rightSection={colorScheme === t.value ? <IconCheck size={14} aria-label="chosen" /> : undefined}
            onClick={() => setColorScheme(t.value)}
          >
            {t.label}
          </Menu.Item>
        ))}
        <Menu.Divider />
        <Menu.Item
          leftSection={<IconSettings size={16} stroke={1.7} aria-hidden />}
          onClick={() => void navigate({ to: '/settings' })}
        >
          Settings
        </Menu.Item>
        {compact &&
          REST.map((page) => (
            <Menu.Item
              key={page.to}
              leftSection={<page.icon size={16} stroke={1.7} aria-hidden />}
              onClick={() => void navigate({ to: page.to })}
            >
              {page.label}
            </Menu.Item>
          ))}
        {session.development && (
          <Menu.Item
            leftSection={<IconMailbox size={16} stroke={1.7} aria-hidden />}
            onClick={() => void navigate({ to: '/dev/mailbox' })}
          >
            Mailbox (development)
          </Menu.Item>
        )}
        <Menu.Item
          leftSection={<IconLogout size={16} stroke={1.7} aria-hidden />}
          onClick={() => void leave()}
        >
          Sign out
        </Menu.Item>
      </Menu.Dropdown>
    </SoonMenu>
  );
}
