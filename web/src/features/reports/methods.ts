import type { ActivityKind } from '../../api/schemas';

export const OUTREACH: { value: ActivityKind; label: string; many: string }[] = [
  { value: 'CALL', label: 'Call', many: 'Calls' },
  { value: 'EMAIL', label: 'E-mail', many: 'E-mails' },
  { value: 'MEETING', label: 'Meeting', many: 'Meetings' },
  { value: 'LINKEDIN', label: 'LinkedIn', many: 'LinkedIn messages' },
  { value: 'REFERRAL', label: 'Referral', many: 'Referrals' },
  { value: 'CONFERENCE', label: 'Conference', many: 'Conferences' },
];

export const manyOf = (method: ActivityKind) => OUTREACH.find((one) => one.value === method)?.many ?? method;
