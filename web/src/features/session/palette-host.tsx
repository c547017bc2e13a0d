import { useHotkeys } from '@mantine/hooks';
import { type ComponentType, useEffect, useState } from 'react';
import type { PaletteProps } from './palette';
import { openPalette, usePaletteRequests } from './palette-request';

// Beside the first page instead of in it: it is there before anybody can type.
const load = () => import('./palette').then((m) => m.CommandPalette);
const early = load().catch(() => null);

/** Ctrl or Cmd K, from anywhere, also from inside a field. */
export function PaletteHost(on: Pick<PaletteProps, 'onLog' | 'onKeys'>) {
  const asked = usePaletteRequests();
  const [Palette, set] = useState<ComponentType<PaletteProps> | null>(null);
  // What did not come at once, for want of a connection, is asked for with the next wish.
  useEffect(() => {
    const coming = asked > 0 ? early.then((palette) => palette ?? load()) : early;
    coming.then(
      (palette) => palette && set(() => palette),
      () => {},
    );
  }, [asked]);
  // Once it is there it listens by itself.
  useHotkeys(Palette ? [] : [['mod+K', openPalette]], []);
  return Palette && <Palette asked={asked} {...on} />;
}
