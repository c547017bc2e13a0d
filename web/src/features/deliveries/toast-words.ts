import type { Delivery } from '../../api/schemas';
import { isOver, leadWords, named, story } from './words';

export type Said = {
  title: string;
  words: string;
  tone: 'ok' | 'bad';
  act: 'record' | 'edit' | 'choose' | 'story';
};

/**
 * What is said when a delivery of this member moved; `before` is what was said of it last.
 * What arrives as expected is said once, for leads; the rest of an outage is silence until it ends.
 */
export function said(delivery: Delivery, before: string | undefined): Said | null {
  const { state, kind, provider_name: name } = delivery;
  const who = delivery.contact.full_name ?? 'A contact';
  const words = story(delivery);
  if (state === 'delivered') {
    if (kind === 'warm_lead')
      return { title: named(leadWords(delivery), name), words: `${who}.`, tone: 'ok', act: 'record' };
    return before
      ? { title: `${name} has it now`, words: `${who}. ${words}`, tone: 'ok', act: 'record' }
      : null;
  }
  if (state === 'failed') {
    const choose = delivery.can_choose;
    return {
      title: choose
        ? `Who is ${who} in ${name}?`
        : `${name} refused ${kind === 'warm_lead' ? who : kind === 'action' ? 'what was asked' : 'an activity'}`,
      words,
      tone: 'bad',
      act: choose ? 'choose' : delivery.cause === 'refused' && kind !== 'action' ? 'edit' : 'story',
    };
  }
  if (state === 'dead' && !isOver(delivery.cause))
    return { title: `${who} did not reach ${name}`, words, tone: 'bad', act: 'story' };
  if (before) return null;
  if (state === 'retrying' || state === 'unknown')
    return { title: `Waiting for ${name}`, words: `${who}. ${words}`, tone: 'ok', act: 'story' };
  if (state === 'held') return { title: `Held back from ${name}`, words, tone: 'ok', act: 'story' };
  return null;
}
