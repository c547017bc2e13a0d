import type { DeliveryFilter } from '../../api/deliveries';
import type { DeliveryCounts, ProviderStatus } from '../../api/schemas';
import { count } from '../../ui/figures';
import { FilterChip } from '../../ui/filter-chip';
import { type DeliveriesSearch, GROUPS } from './url';
import { CAUSE, CAUSES, KIND, STATE, STATES } from './words';

type Props = {
  filter: DeliveryFilter;
  state: string | undefined;
  counts: DeliveryCounts | null | undefined;
  providers: ProviderStatus[];
  contactName: string | undefined;
  onChange: (part: DeliveriesSearch) => void;
};

export function DeliveryFilters({ filter, state, counts, providers, contactName, onChange }: Props) {
  const of = (cause: string) => counts?.causes.find((c) => c.cause === cause)?.count ?? 0;
  const causes = CAUSES.filter((c) => of(c) > 0 || c === filter.cause);
  return (
    <search className="bar">
      <FilterChip
        label="State"
        value={filter.states && state}
        options={[
          ...Object.entries(GROUPS).map(([value, { word }]) => ({ value, label: word })),
          ...STATES.map((value) => ({ value, label: STATE[value].word })),
        ]}
        onChange={(next) => onChange({ state: next })}
      />
      <FilterChip
        label="Cause"
        value={filter.cause}
        options={causes.map((value) => ({ value, label: `${CAUSE[value]} (${count(of(value))})` }))}
        onChange={(cause) => onChange({ cause })}
      />
      <FilterChip
        label="CRM"
        value={filter.provider}
        options={providers.filter((p) => p.connection).map((p) => ({ value: p.provider, label: p.name }))}
        onChange={(provider) => onChange({ provider })}
      />
      <FilterChip
        label="What"
        value={filter.kind}
        options={Object.entries(KIND).map(([value, label]) => ({ value, label }))}
        onChange={(kind) => onChange({ kind })}
      />
      {filter.contact && (
        <FilterChip
          label="With"
          value={filter.contact}
          options={[{ value: filter.contact, label: contactName ?? 'one person' }]}
          onChange={(contact) => onChange({ contact })}
        />
      )}
    </search>
  );
}
