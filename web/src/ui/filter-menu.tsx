import { Menu } from '@mantine/core';
import { IconCheck } from '@tabler/icons-react';
import type { ReactElement, Ref } from 'react';
import { SoonMenu } from './soon-menu';

export type Option = { value: string; label: string };
type Props = {
  target: (ref: Ref<HTMLButtonElement>) => ReactElement;
  value: string | undefined;
  options: Option[];
  onChange: (value: string | undefined) => void;
};

export function FilterMenu({ target, value, options, onChange }: Props) {
  return (
    <SoonMenu position="bottom-start" width={220} target={target}>
      <Menu.Dropdown className="long-menu">
        {options.length === 0 && <Menu.Label>Nothing to choose from yet</Menu.Label>}
        {options.map((o) => (
          <Menu.Item
            key={o.value}
            onClick={() => onChange(o.value === value ? undefined : o.value)}
            rightSection={o.value === value ? <IconCheck size={14} aria-label="chosen" /> : undefined}
          >
            {o.label}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </SoonMenu>
  );
}
