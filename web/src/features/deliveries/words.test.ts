import { expect, test } from 'vitest';
import type { Delivery } from '../../api/schemas';
import { isWaiting, standOf } from './standing';
import { CAUSES, KIND, STATE, STATES, story } from './words';

const now = new Date(2026, 10, 28, 14, 0);
const at = (minutes: number) => new Date(now.getTime() + minutes * 60_000).toISOString();
const lead: Delivery = {
  id: 'd1',
  provider: 'acme',
  provider_name: 'Acme',
  kind: 'warm_lead',
  contact: { id: 'c1', full_name: 'Ada Novak' },
  trigger: 'warmness',
  state: 'queued',
  objections: [],
  candidates: [],
  attempts: 0,
  give_up_at: at(72 * 60),
  person_created: true,
  remarks: [],
  created_at: at(-2),
  updated_at: at(-2),
} as unknown as Delivery;
const say = (part: Partial<Delivery>) => story({ ...lead, ...part }, now);

test('a warm lead tells its life in words', () => {
  expect(say({})).toBe('Goes to Acme in a moment.');
  expect(say({ state: 'sending' })).toBe('Creating the person in Acme.');
  const there = { state: 'delivered', delivered_at: at(-2) } as const;
  expect(say({ ...there, person_created: true })).toBe('Created in Acme as Warm Lead 2 minutes ago.');
  expect(say({ ...there, person_created: false })).toBe(
    'Found in Acme and labelled Warm Lead 2 minutes ago.',
  );
});

test('waiting says why and until when', () => {
  expect(say({ state: 'retrying', cause: 'down', next_at: at(5) })).toBe(
    'Acme does not answer; next try at 14:05.',
  );
  expect(say({ state: 'retrying', cause: 'throttled', next_at: at(-1) })).toBe(
    'Acme asked us to wait; next try in a moment.',
  );
  expect(say({ state: 'unknown', cause: 'uncertain' })).toMatch(/lost.*before anything is sent again/);
});

test('a refusal says what to edit', () => {
  const objections = [{ field: 'emails', words: 'This is not an address' }];
  expect(say({ state: 'failed', cause: 'refused', objections })).toBe(
    'Acme refused it: This is not an address. Edit the e-mail and try again.',
  );
  expect(say({ state: 'failed', cause: 'refused', reason: 'Too long' })).toBe(
    'Acme refused it: Too long. Correct it and try again.',
  );
});

test('people to choose between are counted', () => {
  const two = [{ remote_id: '1' }, { remote_id: '2' }];
  expect(say({ state: 'failed', cause: 'ambiguous', candidates: two })).toBe(
    'Two people in Acme have this address: choose who it is.',
  );
});

test('every state with every cause is a sentence without a hole', () => {
  for (const state of STATES)
    for (const cause of [null, ...CAUSES])
      for (const kind of Object.keys(KIND) as Delivery['kind'][]) {
        const words = say({ state, cause, kind });
        expect(words, `${state} ${cause} ${kind}`).toMatch(/^[A-Z].*\.$|choose/);
        expect(words).not.toMatch(/undefined|null|\{name\}/);
      }
});

test('four states go on by themselves', () => {
  expect(STATES.filter((state) => isWaiting({ state }))).toEqual([
    'queued',
    'sending',
    'retrying',
    'unknown',
  ]);
});

test('a contact stands at a CRM by its lead, and shows only trouble of its activities', () => {
  const other = { ...lead, id: 'd2', provider: 'zeta' };
  const logged = { ...lead, id: 'd3', kind: 'activity_create', state: 'delivered' } as Delivery;
  const stuck = { ...lead, id: 'd4', kind: 'activity_create', state: 'retrying' } as Delivery;
  const stand = standOf([stuck, logged, other, lead], 'acme');
  expect(stand.lead?.id).toBe('d1');
  expect(stand.troubled.map((d) => d.id)).toEqual(['d4']);
  expect(standOf([], 'acme')).toEqual({ lead: undefined, troubled: [] });
});

test('state is never a colour alone', () => {
  for (const { word, tone } of Object.values(STATE)) expect([word, tone].every(Boolean)).toBe(true);
});
