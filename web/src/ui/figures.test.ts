import { expect, test } from 'vitest';
import { ago, counted, duration, humanize, initials } from './figures';

const NOW = Date.UTC(2026, 10, 20, 12, 0, 0);
const before = (seconds: number) => new Date(NOW - seconds * 1000).toISOString();

test('times are relative in the largest unit that fits', () => {
  expect(ago(before(10), NOW)).toBe('just now');
  expect(ago(before(50), NOW)).toBe('1 minute ago');
  expect(ago(before(3600 * 5), NOW)).toBe('5 hours ago');
  expect(ago(before(86_400), NOW)).toBe('yesterday');
  expect(ago(before(-3600 * 5), NOW)).toBe('in 5 hours');
});

test('durations are said as people say them', () => {
  expect([2, 89, 125, 5400, 4800].map(duration)).toEqual(['2 s', '89 s', '2 min', '1 h 30 min', '80 min']);
});

test('nouns agree with their number', () => {
  expect(counted(1, 'person', 'people')).toBe('1 person');
  expect(counted(1246, 'person', 'people')).toBe('1,246 people');
});

test('initials survive other scripts, one name and none', () => {
  expect(initials('Zoë Novák')).toBe('ZN');
  expect(initials('محمد علي')).toBe('مع');
  expect(initials('Prince')).toBe('P');
  expect(initials('🙂')).toBe('·');
});

test('words of the API become words of the page', () => {
  expect(humanize('golden_ticket')).toBe('Golden ticket');
});
