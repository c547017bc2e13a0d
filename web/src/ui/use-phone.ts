import { useMediaQuery } from '@mantine/hooks';

// Known at the first paint, otherwise phones would draw the desktop tree first.
export const usePhone = () =>
  useMediaQuery('(max-width: 48em)', undefined, { getInitialValueInEffect: false }) ?? false;
