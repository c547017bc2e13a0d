import { expect, test } from 'vitest';
import { canConfirm, ENDING_CODES, effectWords, endingWords, whose } from './install-words';

test.each(ENDING_CODES)('the ending "%s" says what to do', (code) => {
  const { title, next } = endingWords(code);
  expect(title.length).toBeGreaterThan(10);
  expect(next.length).toBeGreaterThan(20);
});

test('every ending has its own words, and one that nobody knows is still explained', () => {
  expect(new Set(ENDING_CODES.map((c) => endingWords(c).title)).size).toBe(ENDING_CODES.length);
  expect(endingWords('gremlins').title).toBe('The install was not finished');
  expect(endingWords(undefined).title).toBe('The install was not finished');
});

const here = (part: object) =>
  ({ member_id: 'm', may: true, allowed: true, effect: 'connects', ...part }) as never;

test('nobody says yes without role, plan and the right account, nor before saying who stays', () => {
  expect(canConfirm(here({}), null)).toBe(true);
  expect(canConfirm(here({ effect: 'renews' }), null)).toBe(true);
  expect(canConfirm(here({ effect: 'revives' }), null)).toBe(true);
  expect(canConfirm(here({ may: false }), null)).toBe(false);
  expect(canConfirm(here({ allowed: false }), null)).toBe(false);
  expect(canConfirm(here({ effect: 'other_account' }), 'replace')).toBe(false);
  expect(canConfirm(here({ effect: 'other_user' }), null)).toBe(false);
  expect(canConfirm(here({ effect: 'other_user' }), 'keep')).toBe(true);
});

test('the page names account, user and company before anything is connected', () => {
  const install = { name: 'Acme CRM', account_name: 'Nordwind', account_user: 'Anna' };
  expect(whose(install)).toBe('Nordwind (user Anna)');
  expect(whose({ ...install, account_user: undefined })).toBe('Nordwind');
  const words = (part: object) => effectWords({ ...install, here: here(part) } as never, 'Globex');
  expect(words({})).toContain('Globex');
  expect(words({ effect: 'other_user', connected_user: 'Ben' })).toContain('as Ben');
  expect(words({ effect: 'other_account', connected_account: 'Alpen' })).toContain('Alpen');
});
