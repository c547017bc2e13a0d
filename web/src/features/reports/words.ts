import type {
  CampaignsReport,
  MeetingsReport,
  MembersReport,
  MethodsReport,
  SyncReport,
  WarmnessReport,
} from '../../api/schemas';
import { count, counted } from '../../ui/figures';
import { manyOf } from './methods';

const short = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', timeZone: 'UTC' });
const long = new Intl.DateTimeFormat('en-GB', {
  day: 'numeric',
  month: 'short',
  year: 'numeric',
  timeZone: 'UTC',
});
const month = new Intl.DateTimeFormat('en-GB', { month: 'short', timeZone: 'UTC' });
const at = (day: string) => new Date(`${day}T00:00:00Z`);

export const dayWord = (day: string) => long.format(at(day));

/** "30 Oct to 28 Nov 2026". */
export const daysWords = (from: string, to: string) =>
  from === to
    ? dayWord(from)
    : `${from.slice(0, 4) === to.slice(0, 4) ? short.format(at(from)) : dayWord(from)} to ${dayWord(to)}`;

/** Below a bar: the month of a month, otherwise the first day. */
export const barLabel = (begins: string, step: string) =>
  (step === 'month' ? month : short).format(at(begins));

export const share = (part: number, whole: number) =>
  whole === 0 ? '–' : `${Math.round((part / whole) * 100)} %`;

const sum = <T>(items: readonly T[], of: (item: T) => number) => items.reduce((n, one) => n + of(one), 0);

export function meetingsWords({ items }: MeetingsReport): string {
  const [requested, booked] = [sum(items, (i) => i.requested), sum(items, (i) => i.booked)];
  if (requested === 0) return 'No meeting was asked for in these days.';
  return `${count(booked)} of ${counted(requested, 'meeting', 'meetings')} asked for ${booked === 1 ? 'is' : 'are'} booked (${share(booked, requested)}).`;
}

export function methodsWords({ items }: MethodsReport): string {
  const all = sum(items, (i) => i.done);
  const most = items[0];
  if (!most) return 'Nothing was done in these days.';
  if (items.length === 1)
    return `${counted(all, 'activity was', 'activities were')} done, all of them ${manyOf(most.method)}.`;
  return `${manyOf(most.method)} lead: ${count(most.done)} of ${counted(all, 'activity', 'activities')} (${share(most.done, all)}).`;
}

export const memberName = (item: MembersReport['items'][number]) => item.member?.name ?? 'Former members';

export function membersWords({ items }: MembersReport): string {
  const all = sum(items, (i) => i.done);
  const most = items[0];
  if (!most || all === 0) return 'Nobody did anything in these days.';
  const booked = sum(items, (i) => i.booked);
  return `${memberName(most)} did most: ${count(most.done)} of ${counted(all, 'activity', 'activities')}. Together, ${counted(booked, 'meeting is', 'meetings are')} booked.`;
}

export function campaignsWords({ items }: CampaignsReport): string {
  if (items.length === 0) return 'There is no campaign to look at.';
  const best = items.reduce((a, b) => (b.booked > a.booked ? b : a));
  const reached = sum(items, (i) => i.contacted);
  const told = `${count(reached)} of ${counted(
    sum(items, (i) => i.contacts),
    'contact was',
    'contacts were',
  )} contacted`;
  if (best.booked === 0) return `${told}; no meeting is booked yet.`;
  const alike = items.filter((i) => i.booked === best.booked).length;
  const meetings = counted(best.booked, 'meeting', 'meetings');
  if (items.length === 1) return `${told}; ${meetings} booked.`;
  return alike > 1
    ? `${told}; no campaign has more than ${meetings} booked.`
    : `${told}; ${best.campaign.name} leads with ${meetings} booked.`;
}

export const BANDS = [
  { key: 'hot', word: 'Hot (7 to 10)', from: 7, to: 10 },
  { key: 'warm', word: 'Warm (4 to 6)', from: 4, to: 6 },
  { key: 'mild', word: 'Mild or cool (1 to 3)', from: 1, to: 3 },
  { key: 'cold', word: 'Cold (0)', from: 0, to: 0 },
] as const;

export type Bands = Record<(typeof BANDS)[number]['key'], number>;

export const bands = (levels: readonly number[]): Bands =>
  Object.fromEntries(
    BANDS.map(({ key, from, to }) => [key, sum(levels.slice(from, to + 1), (n) => n)]),
  ) as Bands;

export function warmnessWords({ items }: WarmnessReport): string {
  const known = items.flatMap((i) => (i.contacts ? [bands(i.contacts)] : []));
  const [first, last] = [known[0], known.at(-1)];
  if (!first || !last) return 'Nothing is known of these days.';
  const warm = (b: Bands) => b.hot + b.warm;
  const change = warm(last) - warm(first);
  const told = `${counted(warm(last), 'contact is', 'contacts are')} warm or hot at the end of these days`;
  if (known.length === 1 || change === 0) return `${told}.`;
  return `${told}, ${count(Math.abs(change))} ${change > 0 ? 'more' : 'fewer'} than at ${items[0]?.contacts ? 'their beginning' : 'the first that are known'}.`;
}

export const OUTCOMES: Record<string, string> = {
  delivered: 'Arrived',
  queued: 'Waiting',
  sending: 'On their way',
  retrying: 'Tried again later',
  unknown: 'Being checked',
  held: 'On hold',
  failed: 'Refused',
  dead: 'Given up',
};

export function outcomesWords({ outcomes }: SyncReport): string {
  const all = sum(outcomes, (o) => o.deliveries);
  if (all === 0) return 'Nothing was to be sent to a CRM in these days.';
  const of = (...states: string[]) => sum(outcomes, (o) => (states.includes(o.state) ? o.deliveries : 0));
  const lost = of('failed', 'dead');
  const arrived = `${count(of('delivered'))} of ${counted(all, 'delivery', 'deliveries')} arrived`;
  return lost === 0 ? `${arrived}; none needs you.` : `${arrived}; ${counted(lost, 'needs', 'need')} you.`;
}

export const SPEEDS = [
  { key: 'within_second', word: 'Up to 1 second' },
  { key: 'within_five_seconds', word: 'Up to 5 seconds' },
  { key: 'within_minute', word: 'Up to a minute' },
  { key: 'within_hour', word: 'Up to an hour' },
  { key: 'longer', word: 'Longer' },
] as const;

export function speedWords({ time_to_crm: t }: SyncReport): string {
  const all = sum(SPEEDS, ({ key }) => t[key]);
  if (all === 0) return 'Nothing arrived at a CRM in these days.';
  const quick = t.within_second + t.within_five_seconds;
  return `${share(quick, all)} of what arrived took 5 seconds or less, from the change here to the CRM's answer.`;
}

export function runsWords({ runs }: SyncReport): string {
  const [completed, failed] = [sum(runs, (r) => r.completed), sum(runs, (r) => r.failed)];
  const all = completed + failed + sum(runs, (r) => r.cancelled + r.under_way);
  if (all === 0) return 'Nothing was imported in these days.';
  const told = `${count(completed)} of ${counted(all, 'import', 'imports')} completed, ${counted(
    sum(runs, (r) => r.seen),
    'person',
    'people',
  )} looked at`;
  return failed === 0 ? `${told}; none failed.` : `${told}; ${count(failed)} failed.`;
}
