import { Menu } from '@mantine/core';
import { IconFileSpreadsheet, IconUserPlus } from '@tabler/icons-react';
import { useNavigate } from '@tanstack/react-router';
import type { ReactElement, Ref } from 'react';
import type { ProviderStatus } from '../../api/schemas';
import { ProviderTile } from '../../ui/provider-tile';
import { SoonMenu } from '../../ui/soon-menu';

/** What stands behind an entry, in two or three words. */
function note(p: ProviderStatus): string {
  if (!p.allowed) return 'Needs another plan';
  if (!p.configured && !p.connection) return 'Not set up here';
  switch (p.connection?.state) {
    case 'active':
      return 'Connected';
    case 'needs_reconnect':
      return 'Connect again';
    case 'paused':
      return 'Paused';
    default:
      return 'Connect first';
  }
}

type Props = {
  target: (ref: Ref<HTMLButtonElement>) => ReactElement;
  providers: ProviderStatus[];
  onAddOne: () => void;
};

export function AddItems({ target, providers, onAddOne }: Props) {
  const navigate = useNavigate();
  return (
    <SoonMenu position="bottom-end" width={280} target={target}>
      <Menu.Dropdown>
        <Menu.Item leftSection={<IconUserPlus size={17} stroke={1.7} aria-hidden />} onClick={onAddOne}>
          Add one person
        </Menu.Item>
        <Menu.Item
          leftSection={<IconFileSpreadsheet size={17} stroke={1.7} aria-hidden />}
          onClick={() => void navigate({ to: '/contacts/from-file' })}
        >
          From a CSV file
        </Menu.Item>
        {providers.length > 0 && <Menu.Divider />}
        {providers.length > 0 && <Menu.Label>Import from a CRM</Menu.Label>}
        {providers.map((p) => (
          <Menu.Item
            key={p.provider}
            leftSection={<ProviderTile name={p.name} color={p.color} />}
            rightSection={<span className="hint">{note(p)}</span>}
            onClick={() => void navigate({ to: '/contacts/$provider', params: { provider: p.provider } })}
          >
            {p.name}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </SoonMenu>
  );
}
