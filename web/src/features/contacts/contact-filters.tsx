import { useQuery } from '@tanstack/react-query';
import { lazy, Suspense } from 'react';
import { campaignNames } from '../../api/campaigns';
import { membersQuery, tagsQuery } from '../../api/contacts';
import { savedFilters } from '../../api/saved-filters';
import type { ProviderStatus } from '../../api/schemas';
import { may, useSession } from '../../api/session';
import { FilterChip } from '../../ui/filter-chip';
import { SearchBox } from '../../ui/search-box';
import { usePhone } from '../../ui/use-phone';
import { type ContactsSearch, isFiltered, NO_CONDITIONS } from './url';

// Most visits ask for nothing.
const SavedFilters = lazy(() => import('./saved-filters').then((m) => ({ default: m.SavedFilters })));

const ORDERS = [
  { value: 'name', label: 'Name' },
  { value: '-warmness', label: 'Warmest first' },
  { value: '-updated', label: 'Changed last' },
];

type Props = {
  search: ContactsSearch;
  providers: ProviderStatus[];
  onChange: (part: Partial<ContactsSearch>) => void;
};

export function ContactFilters({ search, providers, onChange }: Props) {
  const phone = usePhone();
  const session = useSession();
  const { data: members } = useQuery(membersQuery);
  const owners = (members?.items ?? []).map((m) => ({ value: m.id, label: m.name }));
  const used = providers.filter((p) => p.connection).map((p) => ({ value: p.provider, label: p.name }));
  const { data: kept } = useQuery(savedFilters);
  const { data: inUse } = useQuery(tagsQuery);
  const { data: campaigns } = useQuery(campaignNames);
  const tags = (inUse?.items ?? []).map((t) => t.tag);
  if (search.tag && !tags.includes(search.tag)) tags.push(search.tag);
  return (
    <search className="bar">
      <SearchBox
        label="Search contacts"
        value={search.search ?? ''}
        onSearch={(v) => onChange({ search: v || undefined })}
      />
      {may(session, 'see_all_contacts') && (
        <FilterChip
          label="Owner"
          value={search.owner}
          options={[...owners, { value: 'none', label: 'Nobody' }]}
          onChange={(owner) => onChange({ owner })}
        />
      )}
      {(used.length > 0 || search.provider) && (
        <FilterChip
          label="Linked to"
          value={search.provider}
          options={used}
          onChange={(provider) => onChange({ provider })}
        />
      )}
      {(tags.length > 0 || search.tag) && (
        <FilterChip
          label="Tag"
          value={search.tag}
          options={tags.map((t) => ({ value: t, label: t }))}
          onChange={(tag) => onChange({ tag })}
        />
      )}
      {((campaigns?.items.length ?? 0) > 0 || search.campaign) && (
        <FilterChip
          label="Campaign"
          value={search.campaign}
          options={(campaigns?.items ?? []).map((c) => ({ value: c.id, label: c.name }))}
          onChange={(campaign) => onChange({ campaign })}
        />
      )}
      {(used.length > 0 || search.source) && (
        <FilterChip
          label="Source"
          value={search.source}
          options={[...used, { value: 'manual', label: 'Added by hand' }]}
          onChange={(source) => onChange({ source })}
        />
      )}
      {phone && (
        <FilterChip
          label="Sort"
          value={search.sort}
          options={ORDERS}
          onChange={(sort) => onChange({ sort })}
        />
      )}
      {isFiltered(search) && (
        <button type="button" className="chip" onClick={() => onChange(NO_CONDITIONS)}>
          Clear filters
        </button>
      )}
      {(isFiltered(search) || (kept?.items.length ?? 0) > 0) && (
        <Suspense fallback={null}>
          <SavedFilters search={search} onChange={onChange} />
        </Suspense>
      )}
    </search>
  );
}
