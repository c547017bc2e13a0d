import { ActionIcon, Button, Popover, TextInput } from '@mantine/core';
import { IconBookmark, IconX } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { asProblem } from '../../api/problem';
import { forgetFilter, keepFilter, refreshFilters, savedFilters } from '../../api/saved-filters';
import type { SavedFilter } from '../../api/schemas';
import { useSubmit } from '../../api/use-submit';
import { toast } from '../../ui/toast';
import { type ContactsSearch, conditionsOf, isFiltered, NO_CONDITIONS } from './url';

type Props = { search: ContactsSearch; onChange: (part: Partial<ContactsSearch>) => void };

/** The member's own: one click asks the same again, and what is asked now can be kept. */
export function SavedFilters({ search, onChange }: Props) {
  const [opened, open] = useState(false);
  const { data } = useQuery(savedFilters);
  const kept = data?.items ?? [];
  const filtered = isFiltered(search);
  const use = (filter: SavedFilter) => {
    open(false);
    // The server says null for what is not asked; the address leaves that out.
    const asked = Object.fromEntries(Object.entries(filter.filter).map(([k, v]) => [k, v ?? undefined]));
    onChange({ ...NO_CONDITIONS, ...asked, sort: filter.sort ?? undefined });
  };
  const forget = async (filter: SavedFilter) => {
    try {
      await forgetFilter(filter.id);
      toast({ title: `${filter.name} was deleted` });
    } catch (error) {
      toast({ tone: 'bad', title: `${filter.name} was not deleted`, message: asProblem(error).message });
    }
    await refreshFilters();
  };
  return (
    <Popover
      opened={opened}
      onChange={open}
      position="bottom-start"
      width={280}
      shadow="md"
      trapFocus
      returnFocus
      withinPortal={false}
      floatingStrategy="fixed"
    >
      <Popover.Target>
        <button type="button" className="chip" onClick={() => open((o) => !o)}>
          <IconBookmark size={13} aria-hidden />
          Saved filters
        </button>
      </Popover.Target>
      <Popover.Dropdown aria-label="Saved filters">
        <div className="saved">
          {kept.length > 0 && (
            <ul>
              {kept.map((filter) => (
                <li key={filter.id}>
                  <button type="button" className="link" onClick={() => use(filter)}>
                    {filter.name}
                  </button>
                  <ActionIcon
                    variant="subtle"
                    color="gray"
                    size={28}
                    aria-label={`Delete filter ${filter.name}`}
                    onClick={() => void forget(filter)}
                  >
                    <IconX size={14} aria-hidden />
                  </ActionIcon>
                </li>
              ))}
            </ul>
          )}
          {filtered ? (
            <Keep search={search} onKept={() => open(false)} />
          ) : (
            <p className="hint">Set a filter to keep it here.</p>
          )}
        </div>
      </Popover.Dropdown>
    </Popover>
  );
}

function Keep({ search, onKept }: { search: ContactsSearch; onKept: () => void }) {
  const [name, type] = useState('');
  const { busy, problem, submit } = useSubmit();
  const keep = () =>
    submit(async () => {
      await keepFilter({ name, filter: conditionsOf(search), sort: search.sort });
      await refreshFilters();
      toast({ title: `${name.trim()} was saved` });
      onKept();
    });
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        void keep();
      }}
    >
      <TextInput
        label="Save this filter as"
        value={name}
        required
        withAsterisk={false}
        maxLength={60}
        autoComplete="off"
        error={problem && (problem.fields.name ?? problem.message)}
        onChange={(e) => type(e.currentTarget.value)}
      />
      <Button type="submit" size="xs" loading={busy}>
        Save filter
      </Button>
    </form>
  );
}
