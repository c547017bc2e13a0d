import {
  IconAddressBook,
  IconCreditCard,
  IconHistory,
  IconPlugConnected,
  IconSettings,
} from '@tabler/icons-react';

/** The pages that exist, in the order of the navigation. */
export const PAGES = [
  { to: '/contacts', label: 'Contacts', group: 'Work', icon: IconAddressBook },
  { to: '/integrations', label: 'Integrations', group: 'Data', icon: IconPlugConnected },
  { to: '/sync-logs', label: 'Sync log', group: 'Data', icon: IconHistory },
  { to: '/billing', label: 'Plan and billing', short: 'Plan', group: 'Company', icon: IconCreditCard },
  { to: '/settings', label: 'Settings', group: 'Company', icon: IconSettings },
] as const;

export const GROUPS = ['Work', 'Data', 'Company'] as const;
