import { useComputedColorScheme } from '@mantine/core';
import { IconFileText } from '@tabler/icons-react';
import { ink } from './contrast';

/** A lettered tile in the provider's colour: our own drawing, no logos. The colour comes from the API. */
export function ProviderTile({ name, color, large }: { name: string; color?: string; large?: boolean }) {
  const scheme = useComputedColorScheme('light');
  const background = color || (scheme === 'dark' ? '#7a776f' : '#6b675f');
  return (
    <span
      className={large ? 'tile lg' : 'tile'}
      style={{ background, color: ink(background) }}
      role="img"
      aria-label={name}
      title={name}
    >
      {name.charAt(0)}
    </span>
  );
}

/** Where a file stands beside CRMs. */
export const FileTile = ({ large }: { large?: boolean }) => (
  <span className={large ? 'tile file lg' : 'tile file'} aria-hidden>
    <IconFileText size={large ? 18 : 13} stroke={1.75} />
  </span>
);
