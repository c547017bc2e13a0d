import type { Cause, Delivery, DeliveryKind, DeliveryState } from '../../api/schemas';
import { atWhen } from '../../ui/days';
import { ago } from '../../ui/figures';
import type { Tone } from '../../ui/status-word';
import { actionOf } from './action-words';

export const STATE: Record<DeliveryState, { word: string; tone: Tone; means: string }> = {
  queued: { word: 'Queued', tone: 'idle', means: 'goes out in a moment' },
  sending: { word: 'Sending', tone: 'busy', means: 'on its way now' },
  retrying: { word: 'Waiting', tone: 'warn', means: 'goes on by itself' },
  unknown: { word: 'Checking', tone: 'warn', means: 'the answer was lost; nothing is sent twice' },
  held: { word: 'Held', tone: 'warn', means: 'somebody has to lift it' },
  failed: { word: 'Failed', tone: 'bad', means: 'somebody has to change or choose something' },
  dead: { word: 'Given up', tone: 'bad', means: 'nothing more happens by itself' },
  delivered: { word: 'Delivered', tone: 'ok', means: 'it is there' },
};
export const STATES = Object.keys(STATE) as DeliveryState[];

export const CAUSE: Record<Cause, string> = {
  plan: 'Not in your plan',
  paused: 'Connection paused',
  reconnect: 'Needs a reconnect',
  down: 'No answer',
  throttled: 'Asked to wait',
  suspended: 'Account suspended',
  uncertain: 'Answer lost',
  refused: 'Refused',
  scope: 'Permission missing',
  ambiguous: 'Several people',
  not_linked: 'Person missing there',
  gone: 'Record gone there',
  withdrawn: 'Deleted here',
  superseded: 'Sent with another',
  disconnected: 'Disconnected',
  gave_up: 'Out of patience',
  internal: 'Our fault',
};
/** Nobody misses what did not arrive. */
export const isOver = (cause: string | null | undefined) => cause === 'withdrawn' || cause === 'superseded';

export const CAUSES = Object.keys(CAUSE) as Cause[];

export const KIND: Record<DeliveryKind, string> = {
  warm_lead: 'Warm lead',
  activity_create: 'Activity',
  activity_update: 'Edited activity',
  activity_delete: 'Deleted activity',
  action: 'Action',
};

/** What it is, with what it is about. */
export function kindOf(delivery: Delivery): string {
  const { kind, action, activity } = delivery;
  const word = kind === 'action' ? actionOf(delivery).word : KIND[kind];
  const about = kind === 'action' ? action?.subject : kind !== 'warm_lead' && activity?.subject;
  return about ? `${word}: ${about}` : word;
}

export const TRIGGER: Record<string, string> = {
  warmness: 'Warmness reached the threshold',
  meeting: 'A meeting was booked',
  push: 'Somebody sent it',
  logged: 'An activity was logged',
  edited: 'An activity was edited',
  deleted: 'An activity was deleted',
  mapped: 'The contact came to the CRM',
};

const DOING: Record<Exclude<DeliveryKind, 'action'>, string> = {
  warm_lead: 'Creating the person',
  activity_create: 'Writing the activity',
  activity_update: 'Writing the change',
  activity_delete: 'Deleting the activity',
};

const DONE: Record<Exclude<DeliveryKind, 'warm_lead' | 'action'>, string> = {
  activity_create: 'Logged in {name}',
  activity_update: 'Changed in {name}',
  activity_delete: 'Deleted in {name}',
};

const WAITS: Partial<Record<Cause, string>> = {
  down: '{name} does not answer',
  throttled: '{name} asked us to wait',
  suspended: 'The account at {name} is closed or unpaid',
  internal: 'Something on our side did not work',
  uncertain: 'The answer of {name} was lost',
};

const HELD: Partial<Record<Cause, string>> = {
  plan: 'Your plan does not include {name}. It goes out after an upgrade.',
  paused: 'The connection to {name} is paused. It goes out when somebody resumes it.',
  reconnect: '{name} ended our access. It goes out after somebody reconnects.',
};

const FAILED: Partial<Record<Cause, string>> = {
  scope: 'A permission at {name} is missing. Reconnect, allow all of them and try again.',
  not_linked: 'The contact has no person in {name}. Send the contact first, then try again.',
  gone: 'The record in {name} was deleted. Try again to create a new one.',
  withdrawn: 'It was deleted here before it was sent. Nothing is left to do.',
  superseded: 'Another delivery of the activity sends this edit, too. Nothing is left to do.',
  disconnected: '{name} was disconnected before it was sent. Connect it, then try again.',
  gave_up: '{name} did not answer for three days. Try again when it is back.',
  internal: 'This is our fault. Try again; if it happens twice, tell us the reference.',
};

export const named = (words: string, name: string) => words.replaceAll('{name}', name);

const FIELD: Record<string, string> = {
  emails: 'e-mail',
  email: 'e-mail',
  phones: 'phone',
  phone: 'phone',
  full_name: 'name',
  name: 'name',
  organization_name: 'organization',
  organization: 'organization',
  note: 'note',
  subject: 'subject',
  due_at: 'time',
};

/** What the CRM objected to, as a member would name it. */
export const fieldWord = (field: string | null | undefined) => (field ? (FIELD[field] ?? field) : null);

const stop = (words: string) => (/[.!?]$/.test(words) ? words : `${words}.`);

function refused({ objections, reason, kind, provider_name: name }: Delivery): string {
  const said = objections.map((o) => o.words).filter(Boolean);
  const what = said.length > 0 ? said.map(stop).join(' ') : stop(reason || `${name} gave no reason`);
  const edit = [...new Set(objections.map((o) => fieldWord(o.field)).filter((f) => f !== null))];
  if (kind === 'action') return `${name} refused it: ${what} Ask for it anew, corrected.`;
  const next =
    edit.length > 0 ? `Edit the ${edit.join(' and the ')} and try again.` : 'Correct it and try again.';
  return `${name} refused it: ${what} ${next}`;
}

/** How a lead came to its person: one who was there is not created. */
export const leadWords = ({ person_created }: Delivery) =>
  person_created ? 'Created in {name} as Warm Lead' : 'Found in {name} and labelled Warm Lead';

const doneWords = (delivery: Delivery) =>
  delivery.kind === 'warm_lead'
    ? leadWords(delivery)
    : delivery.kind === 'action'
      ? actionOf(delivery).done
      : DONE[delivery.kind];

/** What became of it and what comes next, in one or two sentences. */
export function story(delivery: Delivery, now = new Date()): string {
  const { state, cause, kind, next_at, provider_name: name } = delivery;
  switch (state) {
    case 'queued':
      return `Goes to ${name} in a moment.`;
    case 'sending':
      return `${kind === 'action' ? actionOf(delivery).doing : DOING[kind]} in ${name}.`;
    case 'delivered':
      return `${named(doneWords(delivery), name)} ${ago(delivery.delivered_at ?? delivery.updated_at, now.getTime())}.`;
    case 'retrying': {
      const why = named(WAITS[cause ?? 'down'] ?? '{name} could not take it yet', name);
      return next_at && Date.parse(next_at) > now.getTime()
        ? `${why}; next try ${atWhen(next_at, now)}.`
        : `${why}; next try in a moment.`;
    }
    case 'unknown':
      return `The answer of ${name} was lost. We look there whether it arrived before anything is sent again.`;
    case 'held':
      return named(HELD[cause ?? 'paused'] ?? 'It waits until somebody lifts it.', name);
    case 'failed':
    case 'dead':
      if (cause === 'refused') return refused(delivery);
      if (cause === 'ambiguous') return ambiguous(delivery);
      return named(FAILED[cause ?? 'internal'] ?? delivery.reason ?? 'It did not arrive. Try again.', name);
  }
}

const NUMBERS = ['Nobody', 'One person', 'Two people', 'Three people', 'Four people', 'Five people'];

function ambiguous({ candidates, provider_name: name }: Delivery): string {
  const many = NUMBERS[candidates.length] ?? `${candidates.length} people`;
  return candidates.length === 1
    ? `One person in ${name} has this address but belongs to another contact: choose what to do.`
    : `${many} in ${name} have this address: choose who it is.`;
}
