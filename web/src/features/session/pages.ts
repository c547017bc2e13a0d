import {
  IconActivity,
  IconAddressBook,
  IconCreditCard,
  IconHistory,
  IconPlugConnected,
  IconSettings,
  IconTargetArrow,
} from '@tabler/icons-react';

/** The pages that exist, in the order of the navigation. */
export const PAGES = [
  { to: '/contacts', label: 'Contacts', group: 'Work', icon: IconAddressBook, tab: true },
  { to: '/activities', label: 'Activities', group: 'Work', icon: IconActivity, tab: true },
  { to: '/campaigns', label: 'Campaigns', group: 'Work', icon: IconTargetArrow, tab: false },
  { to: '/integrations', label: 'Integrations', group: 'Data', icon: IconPlugConnected, tab: true },
  { to: '/sync-logs', label: 'Sync log', group: 'Data', icon: IconHistory, tab: true },
  { to: '/billing', label: 'Plan and billing', group: 'Company', icon: IconCreditCard, tab: false },
  { to: '/settings', label: 'Settings', group: 'Company', icon: IconSettings, tab: false },
] as const;

/** At the thumb on a phone; the others are in the account menu. */
export const TABS = PAGES.filter((page) => page.tab);

export const GROUPS = ['Work', 'Data', 'Company'] as const;
