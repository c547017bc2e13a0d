import { useState } from 'react';

/**
 * For what a visit does not begin with: until somebody presses its button, there is only the button. It is
 * fetched when somebody goes near.
 */
export function useSoon(load: () => Promise<unknown>) {
  const [wanted, want] = useState(false);
  const near = () => void load();
  const button = {
    'aria-haspopup': 'menu',
    'aria-expanded': false,
    onPointerEnter: near,
    onFocus: near,
    onClick: () => want(true),
  } as const;
  return { wanted, button };
}
