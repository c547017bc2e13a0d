import { Link } from '@tanstack/react-router';
import { useRef } from 'react';
import { queryClient } from '../../api/client';
import { useLive } from '../../api/live';
import { maybeRefreshDue } from '../../api/reminders';
import type { Delivery } from '../../api/schemas';
import { useSession } from '../../api/session';
import { counted } from '../../ui/figures';
import { hideToast, toast } from '../../ui/toast';
import { type Said, said } from './toast-words';

/** Told one by one within [`CALM_MS`]; of a bulk push or an outage that ended, the rest is one toast. */
const FEW = 3;
const CALM_MS = 15_000;

/** Follows the company's deliveries: refreshes what is on screen, and tells a member about its own. */
export function DeliveryToasts() {
  const session = useSession();
  const told = useRef(new Map<string, string>());
  const lately = useRef<number[]>([]);
  useLive((moved) => {
    refresh(moved);
    for (const delivery of moved) {
      if (delivery.requested_by?.member_id !== session.member.id) continue;
      const what = news(delivery, told.current);
      if (!what) continue;
      const now = Date.now();
      lately.current = [...lately.current.filter((at) => at > now - CALM_MS), now];
      if (lately.current.length <= FEW) tell(delivery, what);
      else tellMany(lately.current.length - FEW);
    }
  });
  return null;
}

function refresh(moved: Delivery[]) {
  const stale = [['deliveries'], ['activities'], ['integrations'], ['contacts', 'one']];
  // Links of a list change only when something arrived.
  if (moved.length === 0 || moved.some((d) => d.state === 'delivered')) stale.push(['contacts', 'list']);
  for (const queryKey of stale) void queryClient.invalidateQueries({ queryKey });
  // Whoever logs on another device moves a copy of it.
  void maybeRefreshDue();
}

/** What is to be said of a delivery that was not said before. */
function news(delivery: Delivery, told: Map<string, string>): Said | null {
  const now = `${delivery.state} ${delivery.updated_at}`;
  if (told.get(delivery.id) === now) return null;
  const what = said(delivery, told.get(delivery.id));
  if (what) told.set(delivery.id, now);
  return what;
}

function tell(delivery: Delivery, what: Said) {
  const id = `delivery-${delivery.id}`;
  toast({
    id,
    tone: what.tone,
    long: true,
    title: what.title,
    words: what.words,
    to: `/sync-logs/deliveries/${delivery.id}`,
    message: (
      <>
        {what.words} <Act delivery={delivery} act={what.act} onFollow={() => hideToast(id)} />
      </>
    ),
  });
}

function tellMany(n: number) {
  const id = 'delivery-many';
  toast({
    id,
    long: true,
    title: `${counted(n, 'more delivery', 'more deliveries')} moved`,
    to: '/sync-logs/deliveries',
    message: (
      <Link to="/sync-logs/deliveries" className="strong" onClick={() => hideToast(id)}>
        See how they stand
      </Link>
    ),
  });
}

type ActProps = { delivery: Delivery; act: Said['act']; onFollow: () => void };

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
