import { Button } from '@mantine/core';
import { IconChevronDown, IconPlus } from '@tabler/icons-react';
import { type ComponentProps, lazy, Suspense } from 'react';
import type { ProviderStatus } from '../../api/schemas';
import { useSoon } from '../../ui/use-soon';

const load = () => import('./add-items');
const AddItems = lazy(() => load().then((m) => ({ default: m.AddItems })));

type Props = { providers: ProviderStatus[]; onAddOne: () => void };

export function AddMenu({ providers, onAddOne }: Props) {
  const { wanted, button } = useSoon(load);
  const plain = <AddButton {...button} />;
  if (!wanted) return plain;
  return (
    <Suspense fallback={plain}>
      <AddItems target={(ref) => <AddButton ref={ref} />} providers={providers} onAddOne={onAddOne} />
    </Suspense>
  );
}

const AddButton = (props: Omit<ComponentProps<'button'>, 'style' | 'color'>) => (
  <Button
    {...props}
    rightSection={<IconChevronDown size={15} aria-hidden />}
    leftSection={<IconPlus size={15} aria-hidden />}
  >
    Add contacts
  </Button>
);
