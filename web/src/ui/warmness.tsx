import { IconMinus, IconPlus } from '@tabler/icons-react';
import { COLDEST, HOTTEST, heatLevel, heatWord } from './warmth';

type Props = { value: number; name: string; onChange?: (value: number) => void; always?: boolean };

/** Five segments of two points each, the number and the word: never colour alone. */
export function Warmness({ value, name, onChange, always }: Props) {
  const step = (by: number, label: string, off: boolean, icon: React.ReactNode) => (
    <button
      type="button"
      aria-label={`${label} warmness of ${name}`}
      disabled={off}
      onClick={(event) => {
        event.stopPropagation();
        onChange?.(value + by);
      }}
    >
      {icon}
    </button>
  );
  return (
    <span className="heat" data-always={always || undefined}>
      {onChange && step(-1, 'Lower', value <= COLDEST, <IconMinus size={14} aria-hidden />)}
      <span
        className="segs"
        role="img"
        aria-label={`Warmness ${value} of 10, ${heatWord(value)}`}
        style={{ '--heat': `var(--t-heat-${heatLevel(value)})` } as React.CSSProperties}
      >
        {[0, 2, 4, 6, 8].map((from) => (
          <i key={from} data-fill={Math.max(0, Math.min(2, value - from))} />
        ))}
      </span>
      <b aria-hidden className="num">
        {value} {heatWord(value)}
      </b>
      {onChange && step(1, 'Raise', value >= HOTTEST, <IconPlus size={14} aria-hidden />)}
    </span>
  );
}
