import { ActionIcon, Button, TextInput } from '@mantine/core';
import { IconPencil, IconPlus } from '@tabler/icons-react';
import { type ReactNode, useEffect, useRef, useState } from 'react';
import { asProblem } from '../../api/problem';

export type Value = { value: string; label?: string | null; primary: boolean };

type Props = {
  /** "E-mail" */
  word: string;
  type: 'email' | 'tel';
  values: Value[];
  show: (value: Value) => ReactNode;
  /** Throws a problem when the server does not take them. */
  onSave: (values: Value[]) => Promise<void>;
  /** What a CRM objected to. */
  objection?: string;
  /** Somebody was sent here: the first one opens. */
  asked?: object;
};

/** Addresses in place: a pencil turns one into a field; emptied, it is removed. */
export function ValueList({ word, type, values, show, onSave, objection, asked }: Props) {
  // The place that is edited; one past the last is a new one.
  const [at, edit] = useState<number | null>(null);
  useEffect(() => {
    if (asked) edit(0);
  }, [asked]);
  const many = values.length > 1;
  return (
    <div className="values">
      <div className="label">{word}</div>
      {values.length === 0 && at === null && <p className="dim">None</p>}
      <ul>
        {values.map((v, i) =>
          at === i ? (
            <li key={v.value}>
              <ValueField
                word={word}
                type={type}
                first={v.value}
                onEnd={() => edit(null)}
                onSave={(text) => onSave(replaced(values, i, text))}
              />
            </li>
          ) : (
            <li key={v.value}>
              <span className="break">{show(v)}</span>
              {many && v.primary && <span className="dim">primary</span>}
              <ActionIcon
                variant="subtle"
                color="gray"
                size={28}
                aria-label={`Edit ${word.toLowerCase()} ${v.value}`}
                onClick={() => edit(i)}
              >
                <IconPencil size={15} stroke={1.7} aria-hidden />
              </ActionIcon>
            </li>
          ),
        )}
      </ul>
      {objection && (
        <p className="objection" role="status">
          {objection}
        </p>
      )}
      {at === values.length ? (
        <ValueField
          word={word}
          type={type}
          first=""
          onEnd={() => edit(null)}
          onSave={(text) => onSave(replaced(values, values.length, text))}
        />
      ) : (
        <Button
          variant="subtle"
          color="gray"
          size="compact-xs"
          leftSection={<IconPlus size={13} aria-hidden />}
          onClick={() => edit(values.length)}
        >
          Add {word.toLowerCase()}
        </Button>
      )}
    </div>
  );
}

/** The list with one place written anew; an empty text takes it out, and the first left is primary. */
export function replaced(values: Value[], at: number, text: string): Value[] {
  const value = text.trim();
  const next = values.map((v, i) => (i === at ? { ...v, value } : v)).filter((v) => v.value !== '');
  if (at >= values.length && value) next.push({ value, label: null, primary: next.length === 0 });
  const [first, ...rest] = next;
  return !first || next.some((v) => v.primary) ? next : [{ ...first, primary: true }, ...rest];
}

type FieldProps = {
  word: string;
  type: 'email' | 'tel';
  first: string;
  onEnd: () => void;
  onSave: (text: string) => Promise<void>;
};

function ValueField({ word, type, first, onEnd, onSave }: FieldProps) {
  const [text, setText] = useState(first);
  const [error, setError] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const field = useRef<HTMLInputElement>(null);
  const save = async () => {
    if (text.trim() === first) return onEnd();
    setBusy(true);
    try {
      await onSave(text);
      onEnd();
    } catch (problem) {
      const { fields, message } = asProblem(problem);
      setError(Object.values(fields)[0] ?? message);
      field.current?.focus();
    } finally {
      setBusy(false);
    }
  };
  return (
    <form
      className="value-form"
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        void save();
      }}
    >
      <TextInput
        ref={field}
        type={type}
        aria-label={word}
        autoComplete="off"
        autoFocus
        value={text}
        error={error}
        onChange={(e) => setText(e.currentTarget.value)}
        onKeyDown={(e) => {
          if (e.key !== 'Escape') return;
          e.stopPropagation();
          onEnd();
        }}
      />
      <div className="row-acts">
        <Button type="submit" loading={busy}>
          {text.trim() === '' && first ? 'Remove' : 'Save'}
        </Button>
        <Button variant="default" onClick={onEnd}>
          Cancel
        </Button>
      </div>
    </form>
  );
}
