import { useMantineColorScheme } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { Spotlight } from '@mantine/spotlight';
import { IconMoon, IconPhone, IconSearch, IconUserPlus } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { findContacts } from '../../api/contacts';
import { statusQuery } from '../../api/integrations';
import { Avatar } from '../../ui/avatar';
import { ProviderTile } from '../../ui/provider-tile';
import { PAGES } from './pages';

/** Ctrl or Cmd K, from anywhere: pages, commands and people. */
export function CommandPalette({ onLog }: { onLog: () => void }) {
  const navigate = useNavigate();
  const { toggleColorScheme } = useMantineColorScheme();
  const [query, setQuery] = useState('');
  const [asked] = useDebouncedValue(query, 150);
  const found = useQuery(findContacts(asked));
  const { data: status } = useQuery(statusQuery);
  const matches = (label: string) => label.toLowerCase().includes(query.trim().toLowerCase());

  const pages = PAGES.filter((p) => matches(p.label)).map((p) => (
    <Spotlight.Action
      key={p.to}
      label={p.label}
      leftSection={<p.icon size={17} stroke={1.7} aria-hidden />}
      onClick={() => void navigate({ to: p.to })}
    />
  ));
  const imports = (status?.providers ?? [])
    .filter((p) => p.connection && p.allowed && matches(`Import from ${p.name}`))
    .map((p) => (
      <Spotlight.Action
        key={p.provider}
        label={`Import from ${p.name}`}
        leftSection={<ProviderTile name={p.name} color={p.color} />}
        onClick={() => void navigate({ to: '/contacts/$provider', params: { provider: p.provider } })}
      />
    ));
  const people = (query.trim().length > 1 ? (found.data?.items ?? []) : []).map((c) => (
    <Spotlight.Action
      key={c.id}
      label={c.full_name}
      description={[c.organization?.name, c.emails[0]?.value].filter(Boolean).join(', ')}
      leftSection={<Avatar name={c.full_name} />}
      onClick={() => void navigate({ to: '/contacts/person/$id', params: { id: c.id } })}
    />
  ));
  const nothing =
    pages.length + imports.length + people.length === 0 &&
    !matches('Log activity') &&
    !matches('Add one person') &&
    !matches('Switch theme');

  return (
    <Spotlight.Root
      shortcut={['mod + K']}
      tagsToIgnore={[]}
      query={query}
      onQueryChange={setQuery}
      transitionProps={{ duration: 0 }}
      overlayProps={{ backgroundOpacity: 0.35 }}
      scrollable
      maxHeight={420}
      attributes={{ content: { 'aria-label': 'Search or jump to' } }}
    >
      <Spotlight.Search
        placeholder="Go to a page, find a person, run a command"
        aria-label="Go to a page, find a person, run a command"
        leftSection={<IconSearch size={16} aria-hidden />}
      />
      <Spotlight.ActionsList>
        {pages.length > 0 && <Spotlight.ActionsGroup label="Go to">{pages}</Spotlight.ActionsGroup>}
        {people.length > 0 && <Spotlight.ActionsGroup label="People">{people}</Spotlight.ActionsGroup>}
        {!nothing && (
          <Spotlight.ActionsGroup label="Do">
            {imports}
            {matches('Log activity') && (
              <Spotlight.Action
                label="Log activity"
                leftSection={<IconPhone size={17} stroke={1.7} aria-hidden />}
                onClick={onLog}
              />
            )}
            {matches('Add one person') && (
              <Spotlight.Action
                label="Add one person"
                leftSection={<IconUserPlus size={17} stroke={1.7} aria-hidden />}
                onClick={() => void navigate({ to: '/contacts', search: { add: 'one' } })}
              />
            )}
            {matches('Switch theme') && (
              <Spotlight.Action
                label="Switch theme"
                leftSection={<IconMoon size={17} stroke={1.7} aria-hidden />}
                onClick={() => toggleColorScheme()}
              />
            )}
          </Spotlight.ActionsGroup>
        )}
        {nothing && (
          <Spotlight.Empty>
            {found.isFetching ? 'Searching' : 'No page, person or command matches'}
          </Spotlight.Empty>
        )}
      </Spotlight.ActionsList>
    </Spotlight.Root>
  );
}
