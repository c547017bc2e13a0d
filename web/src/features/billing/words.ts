import type { Billing, PaymentDue, Plan, Subscription } from '../../api/schemas';
import { dayTitle, localDay } from '../../ui/days';
import { count } from '../../ui/figures';
import type { Tone } from '../../ui/status-word';

export const STATE: Record<Subscription['state'], { word: string; tone: Tone }> = {
  active: { word: 'Paid', tone: 'ok' },
  trialing: { word: 'Trial', tone: 'ok' },
  past_due: { word: 'Payment overdue', tone: 'bad' },
  unpaid: { word: 'Not paid', tone: 'bad' },
  paused: { word: 'Paused', tone: 'warn' },
  ended: { word: 'Ended', tone: 'idle' },
  incomplete: { word: 'Never paid', tone: 'idle' },
};

/** "30 December 2026", which is the same wherever it is read. */
export const day = (iso: string) => {
  const title = dayTitle(localDay(new Date(iso)));
  return /^(Today|Tomorrow|Yesterday)$/.test(title) ? title.toLowerCase() : title;
};

/** What becomes of the plan while nobody pays. */
export function overdue({ state, grace_until }: PaymentDue, graceDays?: number): string {
  if (state === 'unpaid') return 'Payments failed for good, so the plan ended. Pay to have it back.';
  if (grace_until) return `Your plan stays until ${day(grace_until)}; pay before that to keep it.`;
  return `Your plan stays ${graceDays ? `for ${graceDays} days` : 'for now'}; pay to keep it.`;
}

/** What happens next, in one sentence. */
export function next({ state, renews_at, ends_at, grace_until }: Subscription, graceDays: number): string {
  if (state === 'past_due') return `The last payment failed. ${overdue({ state, grace_until }, graceDays)}`;
  if (state === 'unpaid') return overdue({ state, grace_until });
  if (state === 'paused') return 'The subscription is paused at Stripe, and its plan with it.';
  if (state === 'incomplete') return 'The first payment never went through. Nothing was charged.';
  if (state === 'ended') return 'The subscription is over. Nothing is charged any more.';
  if (ends_at) return `Ends on ${day(ends_at)}. Until then everything stays as it is.`;
  if (renews_at) return `${state === 'trialing' ? 'First payment' : 'Renews'} on ${day(renews_at)}.`;
  return 'Renews by itself.';
}

/** What a smaller plan would take, as sentences; empty for a larger one. */
export function losses(billing: Billing, plan: Plan): string[] {
  const at = (id: string) => billing.plans.findIndex((p) => p.id === id);
  const now = billing.plans[at(billing.plan)];
  if (!now || at(plan.id) >= at(now.id)) return [];
  const lost = now.features
    .filter((f) => f.included && !plan.features.some((other) => other.id === f.id && other.included))
    .map((f) => f.words.charAt(0).toLowerCase() + f.words.slice(1));
  const said: string[] = [];
  if (lost.length)
    said.push(
      `You can no longer ${lost.map((words) => words.replace(/^scheduled/, 'use scheduled')).join(', or ')}: connections are paused, with all contacts and links kept.`,
    );
  if (plan.contacts != null && billing.usage.contacts > plan.contacts)
    said.push(
      `You have ${count(billing.usage.contacts)} contacts and ${plan.name} holds ${count(plan.contacts)}: all stay, and no new ones can be added.`,
    );
  if (plan.seats != null && billing.usage.seats > plan.seats)
    said.push(
      `You have ${count(billing.usage.seats)} members and ${plan.name} has ${count(plan.seats)} ${plan.seats === 1 ? 'seat' : 'seats'}: remove members first.`,
    );
  return said;
}
