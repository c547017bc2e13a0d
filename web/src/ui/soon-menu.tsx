import { Menu, type MenuProps } from '@mantine/core';
import { type ReactElement, type ReactNode, type Ref, useEffect, useRef, useState } from 'react';

type Props = Pick<MenuProps, 'position' | 'width'> & {
  target: (ref: Ref<HTMLButtonElement>) => ReactElement;
  children: ReactNode;
};

/** Takes the place of the button that asked for it, opened. */
export function SoonMenu({ target, children, ...menu }: Props) {
  const [opened, open] = useState(false);
  const button = useRef<HTMLButtonElement>(null);
  // Opened only now, so that the menu knows whom it gives the focus back to.
  useEffect(() => {
    button.current?.focus();
    open(true);
  }, []);
  return (
    <Menu shadow="md" {...menu} opened={opened} onChange={open}>
      <Menu.Target>{target(button)}</Menu.Target>
      {children}
    </Menu>
  );
}
