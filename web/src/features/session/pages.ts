import {
  IconActivity,
  IconAddressBook,
  IconCreditCard,
  IconHistory,
  IconPlugConnected,
  IconSettings,
  IconTargetArrow,
  IconUserHeart,
} from '@tabler/icons-react';

/** The pages that exist, in the order of the navigation. */
export const PAGES = [
  { to: '/next', label: 'Contact next', group: 'Work', icon: IconUserHeart, tab: true },
  { to: '/contacts', label: 'Contacts', group: 'Work', icon: IconAddressBook, tab: true },
  { to: '/activities', label: 'Activities', group: 'Work', icon: IconActivity, tab: true },
  { to: '/campaigns', label: 'Campaigns', group: 'Work', icon: IconTargetArrow, tab: true },
  { to: '/integrations', label: 'Integrations', group: 'Data', icon: IconPlugConnected, tab: true },
  { to: '/sync-logs', label: 'Sync log', group: 'Data', icon: IconHistory, tab: false },
  { to: '/billing', label: 'Plan and billing', group: 'Company', icon: IconCreditCard, tab: false },
  { to: '/settings', label: 'Settings', group: 'Company', icon: IconSettings, tab: false },
] as const;

/** At the thumb on a phone; the others are in the account menu. */
export const TABS = PAGES.filter((page) => page.tab);

export const GROUPS = ['Work', 'Data', 'Company'] as const;
