import { Menu } from '@mantine/core';
import { IconCheck, IconPlus, IconX } from '@tabler/icons-react';

type Option = { value: string; label: string };
type Props = {
  label: string;
  value: string | undefined;
  options: Option[];
  onChange: (value: string | undefined) => void;
};

/** A filter that is off offers itself; one that is on shows its value and how to clear it. */
export function FilterChip({ label, value, options, onChange }: Props) {
  const chosen = value === undefined ? undefined : (options.find((o) => o.value === value)?.label ?? value);
  return (
    <span className="chips">
      <Menu position="bottom-start" width={220} shadow="md">
        <Menu.Target>
          <button type="button" className="chip" data-on={chosen ? true : undefined}>
            {chosen === undefined && <IconPlus size={13} aria-hidden />}
            {chosen === undefined ? label : `${label}: ${chosen}`}
          </button>
        </Menu.Target>
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
      </Menu>
      {chosen !== undefined && (
        <button
          type="button"
          className="unchip"
          aria-label={`Clear filter ${label}`}
          onClick={() => onChange(undefined)}
        >
          <IconX size={13} aria-hidden />
        </button>
      )}
    </span>
  );
}
