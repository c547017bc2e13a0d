import type { Connection, ProviderStatus } from '../../api/schemas';
import { count, counted } from '../../ui/figures';
import type { Tone } from '../../ui/status-word';

export type Standing = { word: string; tone: Tone };

/** One of five words, the same on the card, on the page of the people and in the menu. */
export function standing({ connection }: Pick<ProviderStatus, 'connection'>): Standing {
  if (!connection || connection.state === 'disconnected') return { word: 'Not connected', tone: 'idle' };
  if (connection.state === 'needs_reconnect') return { word: 'Needs attention', tone: 'bad' };
  if (connection.state === 'paused') return { word: 'Paused', tone: 'warn' };
  if (connection.running) return { word: 'Syncing', tone: 'busy' };
  return connection.health === 'ok'
    ? { word: 'Connected', tone: 'ok' }
    : { word: 'Needs attention', tone: 'bad' };
}

export const account = (c: Connection) =>
  [c.account_name, c.account_domain].filter(Boolean).join(', ') || 'Unknown account';

/** "412 of 30,000 today": what the provider counts, or what we counted when it does not say. */
export function budgetWords({ budget }: Connection, unit: string): string {
  if (budget.daily_limit != null && budget.daily_used != null)
    return `${count(budget.daily_used)} of ${count(budget.daily_limit)} daily ${unit}s used, ${count(budget.spent_by_us_today)} by Tandem`;
  return `${counted(budget.spent_by_us_today, unit, `${unit}s`)} spent by Tandem today`;
}

const SOURCE: Record<string, string> = {
  last_run: 'counted in the last run',
  counted: 'counted',
  unknown: 'not counted yet',
};

/** Providers give no totals: where the number is from is always said. */
export function forecastWords({ forecast }: Connection, unit: string): string {
  if (forecast.persons == null) return 'Unknown until the first import; the provider gives no total';
  const cost = [
    forecast.requests != null && `about ${counted(forecast.requests, 'request', 'requests')}`,
    // Where requests are what is counted, they have been said.
    unit !== 'request' && forecast.tokens != null && counted(forecast.tokens, unit, `${unit}s`),
  ].filter(Boolean);
  const people = `About ${counted(forecast.persons, 'person', 'people')} (${SOURCE[forecast.source] ?? forecast.source})`;
  return cost.length ? `${people}, ${cost.join(' and ')}` : people;
}
