import type { ReportFilter } from '../../api/reports';
import type { ActivityKind } from '../../api/schemas';
import { addDays } from '../../ui/days';
import { OUTREACH } from './methods';

export type ReportsSearch = {
  period?: string;
  from?: string;
  to?: string;
  campaign?: string;
  member?: string;
  method?: string;
};

export const USUAL = '30d';
export const OTHER = 'other';

export const PERIODS = [
  { value: '7d', label: 'Last 7 days' },
  { value: USUAL, label: 'Last 30 days' },
  { value: '90d', label: 'Last 90 days' },
  { value: '12m', label: 'Last 12 months' },
  { value: 'year', label: 'This year' },
  { value: OTHER, label: 'Other days' },
];

/** Reports count days of UTC. */
export const utcToday = (now = new Date()) => now.toISOString().slice(0, 10);

const DAY = /^\d{4}-\d{2}-\d{2}$/;
/** What the server takes; the page shows nothing for days that are none. */
const isDay = (text: string | undefined): text is string =>
  text !== undefined && DAY.test(text) && !Number.isNaN(Date.parse(`${text}T00:00:00Z`));

export const chosenPeriod = (search: ReportsSearch) =>
  search.from || search.to
    ? OTHER
    : PERIODS.some((p) => p.value === search.period)
      ? (search.period as string)
      : USUAL;

/** The days that an address means; both are counted in. */
export function daysOf(search: ReportsSearch, today = utcToday()): { from: string; to: string } {
  const usual = { from: addDays(today, -29), to: today };
  switch (chosenPeriod(search)) {
    case '7d':
      return { from: addDays(today, -6), to: today };
    case '90d':
      return { from: addDays(today, -89), to: today };
    case '12m':
      return { from: `${addDays(`${today.slice(0, 7)}-01`, -334).slice(0, 7)}-01`, to: today };
    case 'year':
      return { from: `${today.slice(0, 4)}-01-01`, to: today };
    case OTHER: {
      const to = isDay(search.to)
        ? search.to
        : isDay(search.from) && search.from > today
          ? search.from
          : today;
      const from = isDay(search.from) ? search.from : addDays(to, -29);
      return from <= to ? { from, to } : usual;
    }
    default:
      return usual;
  }
}

export function reportFilter(search: ReportsSearch, today = utcToday()): ReportFilter {
  const method = OUTREACH.find((one) => one.value === search.method)?.value as ActivityKind | undefined;
  const { campaign, member } = search;
  return { ...daysOf(search, today), campaign, member, method };
}
