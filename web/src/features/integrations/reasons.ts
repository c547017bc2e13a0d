type Message = { title: string; next: string };

/** How a connect attempt can end, and what to do about it. `{name}` is the provider. */
const REASONS: Record<string, Message> = {
  denied: {
    title: 'You did not allow access',
    next: 'Nothing was connected. Connect again and choose Allow when you are ready.',
  },
  not_installed: {
    title: 'The app is not installed at {name}',
    next: 'Nothing was connected. An administrator there has to install it first; the card below says how. Then connect again.',
  },
  login_refused: {
    title: 'That is no address of {name}',
    next: 'Nobody was sent there and nothing was connected. Connect again, with the address that you see when you are signed in there, or with none.',
  },
  state_missing: {
    title: 'The answer from {name} was incomplete',
    next: 'Nothing was connected. Start from here with Connect rather than from an old link or bookmark.',
  },
  state_unknown: {
    title: 'We did not ask for this answer',
    next: 'Nothing was connected. If you did not start this yourself, close the page; otherwise connect again from here.',
  },
  state_expired: {
    title: 'That took longer than ten minutes',
    next: 'Nothing was connected. Connect again and finish on the page of {name} within ten minutes.',
  },
  state_used: {
    title: 'This answer was used before',
    next: 'The first one counted: look at the card below. Connect again only if it says Not connected.',
  },
  other_session: {
    title: 'This was started by somebody else',
    next: 'Nothing was connected. Sign in as the person who started it, or connect again as yourself.',
  },
  provider_mismatch: {
    title: 'The answer came from another provider',
    next: 'Nothing was connected. Connect again from the card of the provider you want.',
  },
  code_refused: {
    title: '{name} did not accept its own code',
    next: 'Codes work once and for a short time. Connect again; if it happens twice, the set-up of this server is wrong.',
  },
  host_refused: {
    title: '{name} named an address we do not trust',
    next: 'Your access was not sent there and nothing was connected. Connect again; if it happens twice, tell us.',
  },
  account_mismatch: {
    title: 'That is another account at {name}',
    next: 'The connection keeps its old account, with its links and history. Sign in there with the right account and reconnect, or disconnect first.',
  },
  plan: {
    title: 'Your plan does not include {name}',
    next: 'Nothing was connected. Compare plans to see which one does.',
  },
  provider_down: {
    title: '{name} did not answer',
    next: 'Nothing was connected. This is on their side; try again in a few minutes.',
  },
  not_configured: {
    title: '{name} is not set up on this server',
    next: 'An operator has to enter its client id and secret first; the card says which.',
  },
  malformed: {
    title: 'The answer from {name} cannot be right',
    next: 'Nothing was connected. Close the page if a link brought you here; otherwise connect again from here.',
  },
  too_often: {
    title: 'Too many tries',
    next: 'Nothing was connected. Wait ten minutes, then connect again.',
  },
  signed_out: {
    title: 'You were signed out meanwhile',
    next: 'Nothing was connected. Connect again now that you are signed in.',
  },
  forbidden: { title: 'You may not connect a CRM', next: 'Ask an owner or admin of your company to do it.' },
  not_found: { title: 'There is no such provider', next: 'Choose one of those below.' },
};

export function reasonWords(reason: string | undefined, name: string): Message {
  const known = (reason && REASONS[reason]) || {
    title: '{name} was not connected',
    next: 'Something unexpected happened. Connect again; if it happens twice, tell us when it was.',
  };
  return { title: known.title.replaceAll('{name}', name), next: known.next.replaceAll('{name}', name) };
}

export const REASON_CODES = Object.keys(REASONS);
