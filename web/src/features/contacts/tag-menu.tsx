import { Button, Popover, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useId, useState } from 'react';
import { tagsQuery } from '../../api/contacts';

/** A tag, known or new, to add or to remove. */
export function TagMenu({ onTag }: { onTag: (tag: string, add: boolean) => void }) {
  const [opened, open] = useState(false);
  const [tag, type] = useState('');
  const { data } = useQuery({ ...tagsQuery, enabled: opened });
  const known = useId();
  const go = (add: boolean) => {
    if (!tag.trim()) return;
    open(false);
    onTag(tag.trim(), add);
  };
  return (
    <Popover opened={opened} onChange={open} position="top" width={260} shadow="md" trapFocus returnFocus>
      <Popover.Target>
        <Button variant="default" size="xs" onClick={() => open((o) => !o)}>
          Tag
        </Button>
      </Popover.Target>
      <Popover.Dropdown aria-label="Tag">
        <form
          className="saved"
          onSubmit={(event) => {
            event.preventDefault();
            go(true);
          }}
        >
          <TextInput
            label="Tag"
            list={known}
            maxLength={60}
            autoComplete="off"
            value={tag}
            onChange={(e) => type(e.currentTarget.value)}
          />
          <datalist id={known}>
            {(data?.items ?? []).map((t) => (
              <option key={t.tag} value={t.tag} />
            ))}
          </datalist>
          <div className="row-acts">
            <Button type="submit" size="xs">
              Add tag
            </Button>
            <Button variant="default" size="xs" onClick={() => go(false)}>
              Remove tag
            </Button>
          </div>
        </form>
      </Popover.Dropdown>
    </Popover>
  );
}
