import { render } from '@testing-library/react';
import { expect, test } from 'vitest';
import type { Connection } from '../../api/schemas';
import { Hearing } from './hearing';

const words = (
  changes: Partial<Connection['changes']>,
  webhooks: Partial<NonNullable<Connection['webhooks']>> | null = null,
) =>
  render(
    <Hearing
      changes={{ arrive: 'regularly', ...changes } as Connection['changes']}
      webhooks={webhooks as Connection['webhooks']}
    />,
  ).container.textContent ?? '';

const JUST_NOW = new Date().toISOString();

test('a CRM that is asked says how often, and when it last was', () => {
  const said = words({ every_minutes: 15, looked_at: JUST_NOW });
  expect(said).toMatch(/^By themselves, every 15 minutes; last looked /);
  const waits = words({ every_minutes: 15, reason: 'The budget is short.' });
  expect(waits).toContain('The budget is short.');
});

test('a CRM that tells says so, and that it is asked as well', () => {
  const said = words(
    { arrive: 'at_once', every_minutes: 360, looked_at: JUST_NOW },
    { state: 'on', last_received_at: JUST_NOW },
  );
  expect(said).toMatch(/^At once, last /);
  expect(said).toContain('Read every 6 hours as well, last looked ');
});

test('where nobody asks and nobody tells, it is said why', () => {
  const off = { state: 'off', state_reason: 'A permission is missing.' } as const;
  const said = words({ arrive: 'on_request', reason: 'Import everyone once.' }, off);
  expect(said).toBe('Only when somebody importsImport everyone once.A permission is missing.');
});
