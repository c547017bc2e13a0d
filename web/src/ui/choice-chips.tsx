import type { ReactNode } from 'react';

type Option<Value> = { value: Value; label: string; icon?: ReactNode };
type Props<Value> = {
  label: string;
  name: string;
  value: Value;
  options: Option<Value>[];
  onChange: (value: Value) => void;
  focusFirst?: boolean;
};

/** One of a few, all in sight: radio buttons that look like chips. Arrow keys move between them. */
export function ChoiceChips<Value extends string | number>(props: Props<Value>) {
  const { label, name, value, options, onChange, focusFirst } = props;
  return (
    <fieldset className="choice">
      <legend>{label}</legend>
      <div>
        {options.map((o) => (
          <label key={o.value} className="pick">
            <input
              type="radio"
              name={name}
              checked={o.value === value}
              onChange={() => onChange(o.value)}
              data-autofocus={(focusFirst && o.value === value) || undefined}
            />
            {o.icon}
            {o.label}
          </label>
        ))}
      </div>
    </fieldset>
  );
}
