import { expect, test } from 'vitest';
import type { Delivery } from '../../api/schemas';
import { said } from './toast-words';

const lead = {
  id: 'd1',
  provider_name: 'Acme',
  kind: 'warm_lead',
  contact: { id: 'c1', full_name: 'Ada Novak' },
  state: 'queued',
  cause: null,
  objections: [],
  candidates: [],
  updated_at: '2026-11-28T10:00:00Z',
} as unknown as Delivery;
const say = (part: Partial<Delivery>, before?: string) => said({ ...lead, ...part }, before);

test('a lead that arrives is told once, with the record', () => {
  expect(say({ state: 'delivered', person_created: true })).toMatchObject({
    title: 'Created in Acme as Warm Lead',
    act: 'record',
  });
  expect(say({ state: 'delivered', person_created: false })?.title).toBe(
    'Found in Acme and labelled Warm Lead',
  );
});

test('what moves by itself is silent, an activity that arrives as expected too', () => {
  expect(say({ state: 'queued' })).toBeNull();
  expect(say({ state: 'sending' })).toBeNull();
  expect(say({ kind: 'activity_create', state: 'delivered' })).toBeNull();
});

test('an outage is told once, and its end', () => {
  expect(say({ state: 'retrying', cause: 'down' })).toMatchObject({
    title: 'Waiting for Acme',
    act: 'story',
  });
  expect(say({ state: 'retrying', cause: 'down' }, 'retrying earlier')).toBeNull();
  expect(say({ kind: 'activity_create', state: 'delivered' }, 'retrying earlier')?.title).toBe(
    'Acme has it now',
  );
});

test('a refusal says what to do and leads there', () => {
  const refused = say({ state: 'failed', cause: 'refused', reason: 'No.' }, 'retrying earlier');
  expect(refused).toMatchObject({ title: 'Acme refused Ada Novak', tone: 'bad', act: 'edit' });
  expect(say({ state: 'failed', cause: 'ambiguous', can_choose: true })).toMatchObject({
    title: 'Who is Ada Novak in Acme?',
    act: 'choose',
  });
});

test('what was withdrawn by somebody is no news', () => {
  expect(say({ state: 'dead', cause: 'withdrawn' })).toBeNull();
  expect(say({ state: 'dead', cause: 'gave_up' })?.title).toBe('Ada Novak did not reach Acme');
});
