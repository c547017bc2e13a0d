import { Popover } from '@mantine/core';
import { IconPlus, IconX } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { campaignNames } from '../../api/campaigns';
import { contactQuery, membersQuery } from '../../api/contacts';
import { may, useSession } from '../../api/session';
import { FilterChip } from '../../ui/filter-chip';
import { ContactPicker } from './contact-picker';
import { KIND_WORDS } from './kind-words';
import { KINDS } from './kinds';
import type { ActivitiesSearch } from './url';

type Props = { search: ActivitiesSearch; onChange: (part: ActivitiesSearch) => void };

export function ActivityFilters({ search, onChange }: Props) {
  const session = useSession();
  const { data: members } = useQuery(membersQuery);
  const { data: campaigns } = useQuery(campaignNames);
  const filtered = Object.values(search).some((v) => v !== undefined);
  return (
    <search className="bar">
      <FilterChip
        label="Show"
        value={search.show}
        options={[
          { value: 'todo', label: 'To do' },
          { value: 'done', label: 'Done' },
        ]}
        onChange={(show) => onChange({ show: show as ActivitiesSearch['show'] })}
      />
      <FilterChip
        label="Kind"
        value={search.kind}
        options={KIND_WORDS.map((value) => ({ value, label: KINDS[value].word }))}
        onChange={(kind) => onChange({ kind })}
      />
      {may(session, 'see_all_contacts') && (
        <FilterChip
          label="Logged by"
          value={search.member}
          options={(members?.items ?? []).map((m) => ({ value: m.id, label: m.name }))}
          onChange={(member) => onChange({ member })}
        />
      )}
      {campaigns && campaigns.items.length > 0 && (
        <FilterChip
          label="Campaign"
          value={search.campaign}
          options={campaigns.items.map((c) => ({ value: c.id, label: c.name }))}
          onChange={(campaign) => onChange({ campaign })}
        />
      )}
      <ContactChip value={search.contact} onChange={(contact) => onChange({ contact })} />
      {filtered && (
        <button
          type="button"
          className="chip"
          onClick={() =>
            onChange({
              show: undefined,
              kind: undefined,
              member: undefined,
              contact: undefined,
              campaign: undefined,
            })
          }
        >
          Clear filters
        </button>
      )}
    </search>
  );
}

function ContactChip({
  value,
  onChange,
}: {
  value: string | undefined;
  onChange: (id: string | undefined) => void;
}) {
  const [opened, open] = useState(false);
  const { data } = useQuery({ ...contactQuery(value ?? ''), enabled: value !== undefined });
  const chosen = value === undefined ? undefined : (data?.full_name ?? 'one person');
  return (
    <span className="chips">
      <Popover
        opened={opened}
        onChange={open}
        position="bottom-start"
        width={300}
        shadow="md"
        trapFocus
        returnFocus
        withinPortal={false}
        floatingStrategy="fixed"
      >
        <Popover.Target>
          <button
            type="button"
            className="chip"
            data-on={chosen ? true : undefined}
            onClick={() => open((o) => !o)}
          >
            {chosen === undefined && <IconPlus size={13} aria-hidden />}
            {chosen === undefined ? 'With' : `With: ${chosen}`}
          </button>
        </Popover.Target>
        <Popover.Dropdown aria-label="With whom">
          <ContactPicker
            label="With whom?"
            autoFocus
            onPick={(person) => {
              open(false);
              onChange(person.id);
            }}
          />
        </Popover.Dropdown>
      </Popover>
      {chosen !== undefined && (
        <button
          type="button"
          className="unchip"
          aria-label="Clear filter With"
          onClick={() => onChange(undefined)}
        >
          <IconX size={13} aria-hidden />
        </button>
      )}
    </span>
  );
}
