import type { AuditEntry } from '../../api/schemas';
import { exact, humanize } from '../../ui/figures';

/** What was done, as people say it. A word that is new here is shown as it is, in plain letters. */
const WORDS: Record<string, string> = {
  'action.requested': 'Had something done at a CRM',
  'activity.created': 'Logged an activity',
  'activity.deleted': 'Deleted an activity',
  'activity.updated': 'Changed an activity',
  'api_key.created': 'Made an API key',
  'api_key.revoked': 'Revoked an API key',
  'billing.checkout': 'Went to pay for a plan',
  'audit.exported': 'Exported the audit log',
  'company.created': 'Opened the company',
  'company.updated': 'Changed settings',
  'connection.created': 'Connected a CRM',
  'connection.disconnected': 'Disconnected a CRM',
  'connection.needs_reconnect': 'A CRM needs a new consent',
  'connection.paused': 'Paused a connection',
  'contact.created': 'Added a contact',
  'contact.deleted': 'Deleted a contact',
  'contact.updated': 'Changed a contact',
  'contacts.exported': 'Exported contacts',
  'import.cancelled': 'Cancelled an import',
  'import.corrected': 'Corrected rows of a file',
  'import.resumed': 'Resumed an import',
  'import.started': 'Started an import',
  'invitation.created': 'Invited somebody',
  'invitation.resent': 'Sent an invitation again',
  'invitation.revoked': 'Revoked an invitation',
  'member.joined': 'Joined',
  'member.left': 'Left',
  'member.removed': 'Removed a member',
  'member.role_changed': 'Changed a role',
  'password.reset': 'Set a new password',
  'plan.changed': 'Changed the plan',
  'recovery_code.used': 'Signed in with a recovery code',
  'recovery_codes.renewed': 'Made new recovery codes',
  'second_factor.disabled': 'Turned two-step sign-in off',
  'second_factor.enabled': 'Turned two-step sign-in on',
  'session.ended': 'Signed out',
  'session.revoked': 'Ended a session',
  'session.started': 'Signed in',
};

export const ACTIONS = Object.entries(WORDS)
  .map(([value, label]) => ({ value, label }))
  .toSorted((a, b) => a.label.localeCompare(b.label));

export const actionWords = (action: string) => WORDS[action] ?? humanize(action.replace('.', ' '));

/** Who did it: whoever is out has no name any more, and Tandem does things by itself. */
export const actor = (entry: Pick<AuditEntry, 'member' | 'member_id'>) =>
  entry.member ?? (entry.member_id ? 'Former member' : 'Tandem');

/** The detail of a row in one line: "role: admin, from: consultant". */
export function detailWords(detail: unknown): string {
  if (typeof detail !== 'object' || detail === null) return '';
  return Object.entries(detail)
    .filter(([, value]) => value !== null && value !== '')
    .map(([key, value]) => `${key.replaceAll('_', ' ')}: ${plain(value)}`)
    .join(', ');
}

const plain = (value: unknown): string =>
  Array.isArray(value)
    ? value.map(plain).join(' and ')
    : typeof value === 'object' && value !== null
      ? JSON.stringify(value)
      : typeof value === 'string' && MOMENT.test(value)
        ? exact(value)
        : String(value).replaceAll('_', ' ');

const MOMENT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/;
