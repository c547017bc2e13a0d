import { Button } from '@mantine/core';
import { useState } from 'react';
import { refreshDeliveries, retryDelivery } from '../../api/deliveries';
import type { Delivery } from '../../api/schemas';
import { may, useSession } from '../../api/session';
import { useSubmit } from '../../api/use-submit';
import { LinkButton } from '../../ui/link-button';
import { ChoosePerson } from './choose-person';
import { fieldWord } from './words';

type Props = {
  delivery: Delivery;
  /** On the page of the contact: opens the field that was objected to. */
  onEdit?: (field: string) => void;
  size?: 'sm' | 'compact-sm';
};

/** What somebody can do about a delivery that does not go on by itself; nothing otherwise. */
export function DeliveryActions({ delivery, onEdit, size = 'compact-sm' }: Props) {
  const session = useSession();
  const { busy, problem, submit } = useSubmit();
  const [choosing, choose] = useState(false);
  const { cause, contact } = delivery;
  // In a list, a filled button on every other line would shout.
  const first = size === 'sm' || onEdit ? 'filled' : 'default';
  const who = contact.full_name ?? 'a contact';
  if (!may(session, 'work_contacts')) return null;
  const refused = delivery.can_retry && cause === 'refused' && delivery.kind !== 'action';
  const field = delivery.objections.find((o) => o.field)?.field;
  const manages = may(session, 'manage_connections');
  return (
    <>
      {delivery.can_choose && (
        <Button
          size={size}
          variant={first}
          onClick={() => choose(true)}
          aria-label={`Choose who ${who} is in ${delivery.provider_name}`}
        >
          Choose
        </Button>
      )}
      {refused &&
        (onEdit ? (
          field && (
            <Button size={size} variant={first} onClick={() => onEdit(field)}>
              Edit {fieldWord(field)}
            </Button>
          )
        ) : (
          <LinkButton
            to="/contacts/person/$id"
            params={{ id: contact.id }}
            search={{ edit: field ?? undefined }}
            size={size}
            variant={first}
            aria-label={`Edit ${who}`}
          >
            Edit
          </LinkButton>
        ))}
      {delivery.can_retry && (
        <Button
          size={size}
          variant="default"
          loading={busy}
          aria-label={`Try again: ${who}`}
          onClick={() =>
            void submit(async () => {
              await retryDelivery(delivery.id);
              await refreshDeliveries();
            })
          }
        >
          Try again
        </Button>
      )}
      {delivery.state === 'held' && manages && (
        <LinkButton to={cause === 'plan' ? '/billing' : '/integrations'} size={size} variant="default">
          {cause === 'plan' ? 'Compare plans' : cause === 'reconnect' ? 'Reconnect' : 'Resume'}
        </LinkButton>
      )}
      {cause === 'scope' && manages && (
        <LinkButton to="/integrations" size={size} variant="default">
          Reconnect
        </LinkButton>
      )}
      {problem && (
        <span role="alert" className="st" data-tone="bad">
          {problem.message}
        </span>
      )}
      {choosing && <ChoosePerson delivery={delivery} onClose={() => choose(false)} />}
    </>
  );
}
