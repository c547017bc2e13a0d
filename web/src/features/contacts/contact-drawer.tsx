import { Button, Drawer } from '@mantine/core';
import { IconPlus } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { contactQuery } from '../../api/contacts';
import { asProblem } from '../../api/problem';
import type { Contact } from '../../api/schemas';
import { EmptyState } from '../../ui/empty-state';
import { LinkButton } from '../../ui/link-button';
import { SkeletonRows } from '../../ui/skeleton-rows';
import { usePhone } from '../../ui/use-phone';
import { ContactDetail } from './contact-detail';

type Props = {
  id: string | undefined;
  crm: (contact: Contact) => ReactNode;
  /** The field somebody was sent to. */
  asked?: { field: string };
  onLog: (contact: Contact) => void;
  onClose: () => void;
};

/** A person beside the list; the whole screen on a phone. The address of the page names them. */
export function ContactDrawer({ id, crm, asked, onLog, onClose }: Props) {
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
        <>
          <div className="row-acts drawer-acts">
            <LinkButton to="/contacts/person/$id" params={{ id: data.id }}>
              Open page
            </LinkButton>
            <Button
              variant="default"
              leftSection={<IconPlus size={15} aria-hidden />}
              onClick={() => onLog(data)}
            >
              Log activity
            </Button>
          </div>
          <ContactDetail contact={data} crm={crm(data)} asked={asked} onDeleted={onClose} />
        </>
      ) : (
        <SkeletonRows rows={6} />
      )}
    </Drawer>
  );
}
