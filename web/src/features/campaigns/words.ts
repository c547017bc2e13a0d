import type { ActivityKind, Campaign, CampaignAssigned, Performance } from '../../api/schemas';
import { count, counted } from '../../ui/figures';

export const OUTREACH: { value: ActivityKind; label: string }[] = [
  { value: 'CALL', label: 'Call' },
  { value: 'EMAIL', label: 'E-mail' },
  { value: 'MEETING', label: 'Meeting' },
  { value: 'LINKEDIN', label: 'LinkedIn' },
  { value: 'REFERRAL', label: 'Referral' },
  { value: 'CONFERENCE', label: 'Conference' },
];

export type State = 'planned' | 'running' | 'ended';

/** By its days, where the reader is; without any it runs. */
export function stateOf(
  { starts_on, ends_on }: Pick<Campaign, 'starts_on' | 'ends_on'>,
  today: string,
): State {
  if (starts_on && starts_on > today) return 'planned';
  return ends_on && ends_on < today ? 'ended' : 'running';
}

export const STATE_WORDS = { planned: 'Planned', running: 'Running', ended: 'Ended' } as const;
export const STATE_TONES = { planned: 'busy', running: 'ok', ended: 'idle' } as const;

const day = new Intl.DateTimeFormat('en-GB', {
  day: 'numeric',
  month: 'short',
  year: 'numeric',
  timeZone: 'UTC',
});
const shown = (iso: string) => day.format(new Date(`${iso}T00:00:00Z`));

/** "1 Sept 2026 to 30 Nov 2026", "from 1 Sept 2026", "until 30 Nov 2026"; nothing without days. */
export function daysOf({ starts_on, ends_on }: Pick<Campaign, 'starts_on' | 'ends_on'>): string | null {
  if (starts_on && ends_on)
    return starts_on === ends_on ? shown(starts_on) : `${shown(starts_on)} to ${shown(ends_on)}`;
  if (starts_on) return `from ${shown(starts_on)}`;
  return ends_on ? `until ${shown(ends_on)}` : null;
}

export const share = (part: number, whole: number) =>
  whole === 0 ? '–' : `${Math.round((part / whole) * 100)} %`;

/** The steps of the chart, in the order in which people come through them. */
export const steps = (p: Performance) => [
  { key: 'contacts', word: 'Contacts', n: p.contacts },
  { key: 'contacted', word: 'Contacted', n: p.contacted },
  { key: 'requested', word: 'Meetings requested', n: p.meetings_requested },
  { key: 'booked', word: 'Meetings booked', n: p.meetings_booked },
];

/** What a reader should take away from the chart. */
export function takeaway(p: Performance): string {
  if (p.contacts === 0) return 'Nobody is in this campaign yet.';
  if (p.contacted === 0) return `None of ${counted(p.contacts, 'contact', 'contacts')} was contacted yet.`;
  const reached =
    p.contacted === p.contacts
      ? `All of ${counted(p.contacts, 'contact', 'contacts')} were contacted`
      : `${count(p.contacted)} of ${counted(p.contacts, 'contact was', 'contacts were')} contacted (${share(p.contacted, p.contacts)})`;
  if (p.meetings_requested === 0) return `${reached}; no meeting was asked for yet.`;
  return `${reached}; ${count(p.meetings_booked)} of ${counted(p.meetings_requested, 'meeting', 'meetings')} asked for ${p.meetings_booked === 1 ? 'is' : 'are'} booked.`;
}

/** The same for a line of a list. */
export const brief = (p: Performance) =>
  p.contacts === 0
    ? 'Nobody is in it yet'
    : `${count(p.contacted)} of ${count(p.contacts)} contacted, ${counted(p.meetings_booked, 'meeting', 'meetings')} booked`;

/** What became of an assignment: the title of its toast. */
export function assignedWords(
  told: Pick<CampaignAssigned, 'added' | 'already_there'>,
  campaign: string,
): string {
  if (told.added > 0) return `${counted(told.added, 'contact was', 'contacts were')} added to ${campaign}`;
  return told.already_there > 0
    ? `${told.already_there === 1 ? 'The contact is' : 'They all are'} in ${campaign} already`
    : `Nobody was added to ${campaign}`;
}
