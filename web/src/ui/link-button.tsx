import { Button, type ButtonProps } from '@mantine/core';
import { createLink } from '@tanstack/react-router';
import type { Ref } from 'react';

const AnchorButton = (props: ButtonProps & { ref?: Ref<HTMLAnchorElement> }) => (
  <Button component="a" {...props} />
);

/** A link that looks like a button, with the router's checked addresses. */
export const LinkButton = createLink(AnchorButton);
