import {
  IconActivity,
  IconAddressBook,
  IconChartBar,
  IconCreditCard,
  IconHistory,
  IconPhoneOutgoing,
  IconPlugConnected,
  IconSettings,
  IconTargetArrow,
  IconUsers,
} from '@tabler/icons-react';

/** The pages that exist, in the order of the navigation. */
export const PAGES = [
  { to: '/next', label: 'Contact next', group: 'Work', short: 'Next', icon: IconPhoneOutgoing, tab: true },
  { to: '/contacts', label: 'Contacts', group: 'Work', short: 'Contacts', icon: IconAddressBook, tab: true },
  {
    to: '/activities',
    label: 'Activities',
    group: 'Work',
    short: 'Activities',
    icon: IconActivity,
    tab: true,
  },
  {
    to: '/campaigns',
    label: 'Campaigns',
    group: 'Work',
    short: 'Campaigns',
    icon: IconTargetArrow,
    tab: true,
  },
  { to: '/reports', label: 'Reports', group: 'Work', short: 'Reports', icon: IconChartBar, tab: false },
  {
    to: '/integrations',
    label: 'Integrations',
    group: 'Data',
    short: 'Integrations',
    icon: IconPlugConnected,
    tab: true,
  },
  { to: '/sync-logs', label: 'Sync log', group: 'Data', short: 'Sync log', icon: IconHistory, tab: false },
  { to: '/team', label: 'Team', group: 'Company', short: 'Team', icon: IconUsers, tab: false },
  {
    to: '/billing',
    label: 'Plan and billing',
    group: 'Company',
    short: 'Plan and billing',
    icon: IconCreditCard,
    tab: false,
  },
  { to: '/settings', label: 'Settings', group: 'Company', short: 'Settings', icon: IconSettings, tab: false },
] as const;

/** At the thumb on a phone; the others are in the account menu. */
export const TABS = PAGES.filter((page) => page.tab);

export const GROUPS = ['Work', 'Data', 'Company'] as const;
