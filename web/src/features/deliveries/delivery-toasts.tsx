import { Link } from '@tanstack/react-router';
import { useRef } from 'react';
import { queryClient } from '../../api/client';
import { useLive } from '../../api/live';
import type { Delivery } from '../../api/schemas';
import { useSession } from '../../api/session';
import { hideToast, toast } from '../../ui/toast';
import { said } from './toast-words';

/** More than this at once is a bulk push or an outage that ended: the pages tell it, no toasts. */
const FEW = 5;

/** Follows the company's deliveries: refreshes what is on screen, and tells a member about its own. */
export function DeliveryToasts() {
  const session = useSession();
  const told = useRef(new Map<string, string>());
  useLive((moved) => {
    refresh(moved);
    const mine = moved.filter((d) => d.requested_by?.member_id === session.member.id);
    if (mine.length <= FEW) for (const delivery of mine) tell(delivery, told.current);
  });
  return null;
}

function refresh(moved: Delivery[]) {
  const stale = [['deliveries'], ['activities'], ['integrations'], ['contacts', 'one']];
  // Links of a list change only when something arrived.
  if (moved.length === 0 || moved.some((d) => d.state === 'delivered')) stale.push(['contacts', 'list']);
  for (const queryKey of stale) void queryClient.invalidateQueries({ queryKey });
}

function tell(delivery: Delivery, told: Map<string, string>) {
  const { id } = delivery;
  const now = `${delivery.state} ${delivery.updated_at}`;
  if (told.get(id) === now) return;
  const what = said(delivery, told.get(id));
  if (!what) return;
  told.set(id, now);
  const toastId = `delivery-${id}`;
  toast({
    id: toastId,
    tone: what.tone,
    long: true,
    title: what.title,
    message: (
      <>
        {what.words} <Act delivery={delivery} act={what.act} onFollow={() => hideToast(toastId)} />
      </>
    ),
  });
}

type ActProps = { delivery: Delivery; act: string; onFollow: () => void };

function Act({ delivery, act, onFollow }: ActProps) {
  if (act === 'record' && delivery.url)
    return (
      <a href={delivery.url} target="_blank" rel="noreferrer" className="strong">
        Open in {delivery.provider_name}
      </a>
    );
  if (act === 'edit' || act === 'choose')
    return (
      <Link
        to="/contacts/person/$id"
        params={{ id: delivery.contact.id }}
        className="strong"
        onClick={onFollow}
      >
        {act === 'edit' ? 'Edit and try again' : 'Choose'}
      </Link>
    );
  return (
    <Link to="/sync-logs/deliveries/$id" params={{ id: delivery.id }} className="strong" onClick={onFollow}>
      See its story
    </Link>
  );
}
