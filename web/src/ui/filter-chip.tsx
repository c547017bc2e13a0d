import { IconPlus, IconX } from '@tabler/icons-react';
import { type ComponentProps, lazy, Suspense } from 'react';
import type { Option } from './filter-menu';
import { useSoon } from './use-soon';

const load = () => import('./filter-menu');
const FilterMenu = lazy(() => load().then((m) => ({ default: m.FilterMenu })));

type Props = {
  label: string;
  value: string | undefined;
  options: Option[];
  onChange: (value: string | undefined) => void;
};

/** A filter that is off offers itself; one that is on shows its value and how to clear it. */
export function FilterChip({ label, value, options, onChange }: Props) {
  const { wanted, button } = useSoon(load);
  const chosen = value === undefined ? undefined : (options.find((o) => o.value === value)?.label ?? value);
  const chip = <Chip label={label} chosen={chosen} {...button} />;
  return (
    <span className="chips">
      {wanted ? (
        <Suspense fallback={chip}>
          <FilterMenu
            target={(ref) => <Chip ref={ref} label={label} chosen={chosen} />}
            value={value}
            options={options}
            onChange={onChange}
          />
        </Suspense>
      ) : (
        chip
      )}
      {chosen !== undefined && (
        <button
          type="button"
          className="unchip"
          aria-label={`Clear filter ${label}`}
          onClick={({ currentTarget }) => {
            // This button goes; the one beside it stays.
            currentTarget.parentElement?.querySelector<HTMLButtonElement>('.chip')?.focus();
            onChange(undefined);
          }}
        >
          <IconX size={13} aria-hidden />
        </button>
      )}
    </span>
  );
}

type ChipProps = ComponentProps<'button'> & { label: string; chosen: string | undefined };

const Chip = ({ label, chosen, className, ...button }: ChipProps) => (
  <button type="button" {...button} className={`chip ${className ?? ''}`} data-on={chosen ? true : undefined}>
    {chosen === undefined && <IconPlus size={13} aria-hidden />}
    {chosen === undefined ? label : `${label}: ${chosen}`}
  </button>
);
