import { IconDeviceDesktop, IconMoon, IconSun } from '@tabler/icons-react';

export const THEMES = [
  { value: 'auto', label: 'Like the system', icon: IconDeviceDesktop },
  { value: 'light', label: 'Light', icon: IconSun },
  { value: 'dark', label: 'Dark', icon: IconMoon },
] as const;
