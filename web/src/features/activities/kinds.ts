import {
  IconBrandLinkedin,
  IconCalendarEvent,
  IconMail,
  IconPhone,
  IconPresentation,
  IconUserShare,
} from '@tabler/icons-react';
import type { ActivityKind } from '../../api/schemas';

type Kind = {
  word: string;
  icon: typeof IconPhone;
  /** Quick subjects, as they are read at the CRM too. */
  outcomes: string[];
};

/** A meeting that somebody was asked for, and has not agreed to yet. */
export const ASKED = 'Asked for';

export const KINDS: Record<ActivityKind, Kind> = {
  CALL: { word: 'Call', icon: IconPhone, outcomes: ['Reached', 'No answer', 'Left a message'] },
  EMAIL: { word: 'E-mail', icon: IconMail, outcomes: ['Sent', 'Replied', 'Bounced'] },
  MEETING: { word: 'Meeting', icon: IconCalendarEvent, outcomes: ['Took place', 'Did not show up', ASKED] },
  LINKEDIN: { word: 'LinkedIn', icon: IconBrandLinkedin, outcomes: ['Sent', 'Replied', 'Connected'] },
  REFERRAL: { word: 'Referral', icon: IconUserShare, outcomes: ['Asked', 'Introduced'] },
  CONFERENCE: { word: 'Conference', icon: IconPresentation, outcomes: ['Met', 'Invited'] },
};
/** "Call: no answer" */
export const subjectOf = (kind: ActivityKind, outcome: string) =>
  `${KINDS[kind].word}: ${outcome.charAt(0).toLowerCase()}${outcome.slice(1)}`;
