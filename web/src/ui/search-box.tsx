import { TextInput } from '@mantine/core';
import { useDebouncedCallback } from '@mantine/hooks';
import { IconSearch } from '@tabler/icons-react';
import { useEffect, useState } from 'react';

type Props = { label: string; value: string; onSearch: (value: string) => void; wait?: number };

/** Types at once, asks after a pause; follows the URL when somebody goes back. */
export function SearchBox({ label, value, onSearch, wait = 180 }: Props) {
  const [typed, type] = useState(value);
  const [asked, ask] = useState(value);
  const search = useDebouncedCallback((text: string) => {
    ask(text);
    onSearch(text);
  }, wait);
  useEffect(() => {
    if (value === asked) return;
    ask(value);
    type(value);
  }, [value, asked]);
  return (
    <TextInput
      type="search"
      className="srch"
      aria-label={label}
      placeholder={label}
      value={typed}
      leftSection={<IconSearch size={15} aria-hidden />}
      onChange={(event) => {
        type(event.currentTarget.value);
        search(event.currentTarget.value.trim());
      }}
    />
  );
}
