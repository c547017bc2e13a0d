import { Drawer } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { contactQuery } from '../../api/contacts';
import { asProblem } from '../../api/problem';
import type { ProviderStatus } from '../../api/schemas';
import { EmptyState } from '../../ui/empty-state';
import { SkeletonRows } from '../../ui/skeleton-rows';
import { usePhone } from '../../ui/use-phone';
import { ContactDetail } from './contact-detail';

type Props = { id: string | undefined; providers: ProviderStatus[]; onClose: () => void };

/** A person beside the list; the whole screen on a phone. The address of the page names them. */
export function ContactDrawer({ id, providers, onClose }: Props) {
  const phone = usePhone();
  const { data, error } = useQuery({ ...contactQuery(id ?? ''), enabled: Boolean(id) });
  return (
    <Drawer
      opened={Boolean(id)}
      onClose={onClose}
      position="right"
      padding={20}
      size={phone ? '100%' : 460}
      title={data?.full_name ?? 'Contact'}
      closeButtonProps={{ 'aria-label': 'Close' }}
      overlayProps={{ backgroundOpacity: 0.2 }}
    >
      {error ? (
        <EmptyState
          kind="failed"
          title={
            asProblem(error).status === 404 ? 'There is no such contact' : 'This contact could not be loaded'
          }
        >
          {asProblem(error).status === 404
            ? 'It may have been deleted, or it belongs to somebody else.'
            : asProblem(error).message}
        </EmptyState>
      ) : data ? (
        <ContactDetail contact={data} providers={providers} onDeleted={onClose} />
      ) : (
        <SkeletonRows rows={6} />
      )}
    </Drawer>
  );
}
