import { expect, test } from 'vitest';
import { REASON_CODES, reasonWords } from './reasons';
import { budgetWords, forecastWords, standing } from './state';

test.each(REASON_CODES)('the ending "%s" names the provider and has a next step', (code) => {
  const { title, next } = reasonWords(code, 'Acme CRM');
  expect(title + next).not.toContain('{name}');
  expect(title.length).toBeGreaterThan(10);
  expect(next.length).toBeGreaterThan(20);
});

test('every ending has its own words', () => {
  expect(new Set(REASON_CODES.map((c) => reasonWords(c, 'x').title)).size).toBe(REASON_CODES.length);
});

test('an ending nobody knows is still explained', () => {
  expect(reasonWords('gremlins', 'Acme CRM').title).toBe('Acme CRM was not connected');
  expect(reasonWords(undefined, 'Acme CRM').title).toBe('Acme CRM was not connected');
});

const c = (part: object) =>
  ({
    state: 'active',
    health: 'ok',
    budget: { spent_by_us_today: 5 },
    forecast: { source: 'unknown' },
    ...part,
  }) as never;

test('a connection stands as one of five words', () => {
  expect(standing({ connection: null }).word).toBe('Not connected');
  expect(standing({ connection: c({ state: 'disconnected' }) }).word).toBe('Not connected');
  expect(standing({ connection: c({}) }).word).toBe('Connected');
  expect(standing({ connection: c({ running: { run_id: 'r' } }) }).word).toBe('Syncing');
  expect(standing({ connection: c({ state: 'needs_reconnect' }) }).word).toBe('Needs attention');
  expect(standing({ connection: c({ health: 'failing' }) }).word).toBe('Needs attention');
  expect(standing({ connection: c({ state: 'paused', running: { run_id: 'r' } }) }).word).toBe('Paused');
});

test('a forecast says where its number is from, or that there is none', () => {
  expect(forecastWords(c({}), 'token')).toContain('Unknown');
  const known = { persons: 1246, source: 'last_run', requests: 21, tokens: 420 };
  expect(forecastWords(c({ forecast: known }), 'token')).toBe(
    'About 1,246 people (counted in the last run), about 21 requests and 420 tokens',
  );
  expect(forecastWords(c({ forecast: { ...known, tokens: 21 } }), 'request')).toBe(
    'About 1,246 people (counted in the last run), about 21 requests',
  );
});

test('without a daily limit only our own spending is claimed', () => {
  expect(budgetWords(c({}), 'token')).toBe('5 tokens spent by Tandem today');
  const told = { spent_by_us_today: 1, daily_limit: 15_000, daily_used: 412 };
  expect(budgetWords(c({ budget: told }), 'request')).toBe('412 of 15,000 daily requests used, 1 by Tandem');
});
