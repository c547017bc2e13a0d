import type { Installation } from '../../api/schemas';
import { exact } from '../../ui/figures';

type Message = { title: string; next: string };

const AGAIN = 'Start the install at the marketplace again, in this browser.';

/** How an install from the provider's side can end without a connection, and what to do about it. */
const ENDINGS: Record<string, Message> = {
  installation_none: { title: 'No install waits in this browser', next: AGAIN },
  installation_elsewhere: {
    title: 'This install was begun in another browser',
    next: `Only the browser that began it can finish it, and only the last one it began. ${AGAIN}`,
  },
  installation_used: {
    title: 'This install was finished before',
    next: 'It works once. The integrations page shows what it connected.',
  },
  installation_expired: {
    title: 'That took longer than ten minutes',
    next: `The access was given back and nothing was connected. ${AGAIN} If you have just signed up, your company is ready now.`,
  },
  installation_declined: {
    title: 'This install was declined',
    next: `The access was given back. If you changed your mind: ${AGAIN}`,
  },
  installation_uninstalled: {
    title: 'The app was uninstalled meanwhile',
    next: `Nothing was connected. ${AGAIN}`,
  },
  provider_mismatch: {
    title: 'The answer came from another provider',
    next: `Nothing was connected. Close the page if a link brought you here; otherwise: ${AGAIN}`,
  },
  code_refused: {
    title: 'The provider did not accept its own code',
    next: `Codes work once and for a short time. ${AGAIN}`,
  },
  host_refused: {
    title: 'The provider named an address we do not trust',
    next: 'Your access was not sent there and nothing was connected. If it happens twice, tell us.',
  },
  provider_down: {
    title: 'The provider did not answer',
    next: `Nothing was connected. This is on their side; in a few minutes: ${AGAIN}`,
  },
  not_configured: {
    title: 'This CRM is not set up on this server',
    next: 'An operator has to enter its client id and secret first.',
  },
  too_often: {
    title: 'Too many installs from your network',
    next: `Nothing was connected. Wait ten minutes. ${AGAIN}`,
  },
};

export const ENDING_CODES = Object.keys(ENDINGS);

export function endingWords(code: string | undefined): Message {
  return (
    (code && ENDINGS[code]) || {
      title: 'The install was not finished',
      next: `Something unexpected happened. ${AGAIN} If it happens twice, tell us when it was.`,
    }
  );
}

/** "Nordwind GmbH (Anna Albrecht)": whose access waits. */
export const whose = (i: Pick<Installation, 'account_name' | 'account_user'>) =>
  i.account_user ? `${i.account_name} (user ${i.account_user})` : i.account_name;

export const until = (i: Pick<Installation, 'expires_at'>) => `It waits until ${exact(i.expires_at)}.`;

type Here = NonNullable<Installation['here']>;

/** Whether somebody may say yes now: `other_user` needs a choice first. */
export function canConfirm(here: Here, chosen: string | null): boolean {
  if (!here.may || !here.allowed || here.effect === 'other_account') return false;
  return here.effect !== 'other_user' || chosen !== null;
}

/** What saying yes does to this company, in a sentence. */
export function effectWords(i: Installation, company: string): string {
  switch (i.here?.effect) {
    case 'renews':
      return `${company} is connected to this account as this user already; this renews the access.`;
    case 'revives':
      return `${company} was connected to this account before. Links and history are taken up again.`;
    case 'other_user':
      return `${company} is connected to this account as ${i.here.connected_user ?? 'another user'}. A company has one connection; who shall it work as?`;
    case 'other_account':
      return `${company} is connected to another account, ${i.here.connected_account ?? 'of another company'}. Disconnect that and delete its data first, or choose another company.`;
    default:
      return `Tandem will work with ${i.name} as this user, for everybody in ${company}. Nothing is imported before somebody asks for it.`;
  }
}
