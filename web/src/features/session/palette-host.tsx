import { useHotkeys } from '@mantine/hooks';
import { type ComponentType, useEffect, useState } from 'react';
import type { PaletteProps } from './palette';
import { openPalette, usePaletteRequests } from './palette-request';

// Kept beside the first page instead of in it; there before anybody can type.
let loading: Promise<ComponentType<PaletteProps>> | undefined;
const load = () => {
  loading ??= import('./palette').then((m) => m.CommandPalette);
  loading.catch(() => {
    loading = undefined; // without a connection; asked again with the next wish
  });
  return loading;
};

/** Ctrl or Cmd K, from anywhere, also from inside a field. */
export function PaletteHost(on: Pick<PaletteProps, 'onLog' | 'onKeys'>) {
  const asked = usePaletteRequests();
  const [Palette, set] = useState<ComponentType<PaletteProps> | null>(null);
  useEffect(() => {
    const take = () =>
      void load().then(
        (palette) => set(() => palette),
        () => {},
      );
    if (asked > 0) return take();
    const timer = setTimeout(take, 300);
    return () => clearTimeout(timer);
  }, [asked]);
  // Once it is there it listens by itself.
  useHotkeys(Palette ? [] : [['mod+K', openPalette]], []);
  return Palette && <Palette asked={asked} {...on} />;
}
