import { useMediaQuery } from '@mantine/hooks';

const PHONE = '(max-width: 48em)';

/** Outside of components. */
export const isPhone = () => window.matchMedia(PHONE).matches;

// Known at the first paint, otherwise phones would draw the desktop tree first.
export const usePhone = () => useMediaQuery(PHONE, undefined, { getInitialValueInEffect: false }) ?? false;
