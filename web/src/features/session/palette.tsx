import { useDebouncedValue } from '@mantine/hooks';
import { Spotlight, spotlight } from '@mantine/spotlight';
import { IconSearch, IconTargetArrow } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { type ReactNode, useEffect, useState } from 'react';
import { campaignNames } from '../../api/campaigns';
import { findContacts } from '../../api/contacts';
import { statusQuery } from '../../api/integrations';
import { Avatar } from '../../ui/avatar';
import { ProviderTile } from '../../ui/provider-tile';
import { PAGES } from './pages';
import { useCommands } from './palette-commands';

export type PaletteProps = { asked: number; onLog: () => void; onKeys: () => void };
type Row = { key: string; label: string; description?: string; mark: ReactNode; run: () => unknown };

/** More of one kind than this are found by typing more of the name. */
const MOST = 6;

/** Pages, people, campaigns and commands. */
export function CommandPalette({ asked, onLog, onKeys }: PaletteProps) {
  const [query, setQuery] = useState('');
  useEffect(() => {
    if (asked > 0) spotlight.open();
  }, [asked]);
  const { groups, searching } = useFound(query, { onLog, onKeys });
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
        {groups.map(([label, rows]) => (
          <Spotlight.ActionsGroup key={label} label={label}>
            {rows.map((row) => (
              <Spotlight.Action
                key={row.key}
                label={row.label}
                description={row.description}
                leftSection={row.mark}
                onClick={() => void row.run()}
              />
            ))}
          </Spotlight.ActionsGroup>
        ))}
        {groups.length === 0 && (
          <Spotlight.Empty>{searching ? 'Searching' : 'No page, person or command matches'}</Spotlight.Empty>
        )}
      </Spotlight.ActionsList>
    </Spotlight.Root>
  );
}

/** What matches, by kind; kinds without a match are left out. */
function useFound(query: string, on: { onLog: () => void; onKeys: () => void }) {
  const navigate = useNavigate();
  const [asked] = useDebouncedValue(query, 150);
  const typed = query.trim().toLowerCase();
  const found = useQuery(findContacts(asked));
  const { data: status } = useQuery(statusQuery);
  const { data: campaigns } = useQuery(campaignNames);
  const { pages, commands } = useCommands(on);
  const matches = (label: string) => label.toLowerCase().includes(typed);
  const named = typed.length > 1;

  const goTo: Row[] = [
    ...PAGES.map((p) => ({ label: p.label, icon: p.icon, run: () => navigate({ to: p.to }) })),
    ...(named ? pages : []),
  ].map(({ label, icon: Icon, run }) => ({
    key: label,
    label,
    mark: <Icon size={17} stroke={1.7} aria-hidden />,
    run,
  }));
  const people: Row[] = (named ? (found.data?.items ?? []) : []).map((c) => ({
    key: c.id,
    label: c.full_name,
    description: [c.organization?.name, c.emails[0]?.value].filter(Boolean).join(', '),
    mark: <Avatar name={c.full_name} />,
    run: () => navigate({ to: '/contacts/person/$id', params: { id: c.id } }),
  }));
  const inCampaigns: Row[] = (named ? (campaigns?.items ?? []) : [])
    .filter((c) => matches(c.name))
    .slice(0, MOST)
    .map((c) => ({
      key: c.id,
      label: c.name,
      mark: <IconTargetArrow size={17} stroke={1.7} aria-hidden />,
      run: () => navigate({ to: '/campaigns/$id', params: { id: c.id } }),
    }));
  const imports: Row[] = (status?.providers ?? [])
    .filter((p) => p.connection && p.allowed)
    .map((p) => ({
      key: p.provider,
      label: `Import from ${p.name}`,
      mark: <ProviderTile name={p.name} color={p.color} />,
      run: () => navigate({ to: '/contacts/$provider', params: { provider: p.provider } }),
    }));
  const actions: Row[] = commands.map(({ label, icon: Icon, run }) => ({
    key: label,
    label,
    mark: <Icon size={17} stroke={1.7} aria-hidden />,
    run,
  }));
  const groups: [string, Row[]][] = [
    ['Go to', goTo.filter((row) => matches(row.label))],
    ['People', people],
    ['Campaigns', inCampaigns],
    ['Do', [...imports, ...actions].filter((row) => matches(row.label))],
  ];
  return { groups: groups.filter(([, rows]) => rows.length > 0), searching: found.isFetching };
}
