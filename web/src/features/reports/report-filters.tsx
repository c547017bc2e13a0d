import { TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { campaignNames } from '../../api/campaigns';
import { membersQuery } from '../../api/contacts';
import { FilterChip } from '../../ui/filter-chip';
import { OUTREACH } from './methods';
import { chosenPeriod, daysOf, OTHER, PERIODS, type ReportsSearch, USUAL } from './period';

type Props = { search: ReportsSearch; onChange: (part: ReportsSearch) => void };

/** All of them stand in the address. */
export function ReportFilters({ search, onChange }: Props) {
  const { data: members } = useQuery(membersQuery);
  const { data: campaigns } = useQuery(campaignNames);
  const period = chosenPeriod(search);
  const days = daysOf(search);
  return (
    <search className="bar">
      <FilterChip
        label="Period"
        value={period === USUAL ? undefined : period}
        options={PERIODS}
        onChange={(value) =>
          onChange(
            value === OTHER
              ? { period: undefined, ...days }
              : { period: value === USUAL ? undefined : value, from: undefined, to: undefined },
          )
        }
      />
      {period === OTHER && (
        <span className="days-between">
          <TextInput
            type="date"
            aria-label="First day"
            value={days.from}
            max={days.to}
            onChange={(e) => e.currentTarget.value && onChange({ from: e.currentTarget.value, to: days.to })}
          />
          <span aria-hidden>to</span>
          <TextInput
            type="date"
            aria-label="Last day"
            value={days.to}
            min={days.from}
            onChange={(e) =>
              e.currentTarget.value && onChange({ from: days.from, to: e.currentTarget.value })
            }
          />
        </span>
      )}
      <FilterChip
        label="Campaign"
        value={search.campaign}
        options={(campaigns?.items ?? []).map((c) => ({ value: c.id, label: c.name }))}
        onChange={(campaign) => onChange({ campaign })}
      />
      <FilterChip
        label="Member"
        value={search.member}
        options={(members?.items ?? []).map((m) => ({ value: m.id, label: m.name }))}
        onChange={(member) => onChange({ member })}
      />
      <FilterChip
        label="Method"
        value={search.method}
        options={OUTREACH}
        onChange={(method) => onChange({ method })}
      />
    </search>
  );
}
