import { describe, expect, test } from 'vitest';
import { contrast } from '../ui/contrast';
import { palette } from './palette';
import { dark, light } from './tokens';

type Tokens = typeof light;
type Name = keyof Tokens;

const TEXT: [Name, Name[]][] = [
  ['--t-ink', ['--mantine-color-body', '--t-rail', '--t-hover', '--t-selected', '--t-raised']],
  ['--t-ink-2', ['--mantine-color-body', '--t-rail', '--t-hover', '--t-selected', '--t-raised']],
  ['--t-ink-3', ['--mantine-color-body', '--t-rail', '--t-hover', '--t-selected', '--t-raised']],
  ['--t-link', ['--mantine-color-body', '--t-rail', '--t-hover', '--t-selected', '--t-raised']],
  ['--t-ok', ['--mantine-color-body', '--t-hover']],
  ['--t-warn', ['--mantine-color-body', '--t-hover']],
  ['--t-bad', ['--mantine-color-body', '--t-hover', '--t-selected']],
];
const MARKS: [Name, Name[]][] = [
  ['--t-control', ['--mantine-color-body']],
  ['--t-focus', ['--mantine-color-body', '--t-rail', '--t-selected']],
];

describe.each([
  ['light', light],
  ['dark', dark],
])('in the %s theme', (_, tokens: Tokens) => {
  test.each(TEXT)('%s is readable on every surface it stands on (4.5:1)', (text, surfaces) => {
    for (const surface of surfaces)
      expect(contrast(tokens[text], tokens[surface]), `${text} on ${surface}`).toBeGreaterThanOrEqual(4.5);
  });

  test.each(MARKS)('%s is visible where it is drawn (3:1)', (mark, surfaces) => {
    for (const surface of surfaces)
      expect(contrast(tokens[mark], tokens[surface]), `${mark} on ${surface}`).toBeGreaterThanOrEqual(3);
  });
});

test('primary buttons carry white text in both themes', () => {
  expect(contrast(palette.petrol[7] ?? '', '#ffffff')).toBeGreaterThanOrEqual(4.5);
  expect(contrast(palette.petrol[6] ?? '', '#ffffff')).toBeGreaterThanOrEqual(4.5);
});

test('the contrast formula agrees with the extremes of WCAG', () => {
  expect(contrast('#000000', '#ffffff')).toBeCloseTo(21, 5);
  expect(contrast('#777777', '#777777')).toBeCloseTo(1, 5);
});
