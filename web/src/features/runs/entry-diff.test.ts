import { expect, test } from 'vitest';
import { diffRows, shown } from './entry-diff';

test('only fields that changed are listed', () => {
  expect(diffRows({ full_name: 'Ava', title: 'CFO' }, { full_name: 'Ava', title: 'CEO' })).toEqual([
    { field: 'Title', before: 'CFO', after: 'CEO' },
  ]);
});

test('a field that was empty, and one that was emptied, both show', () => {
  expect(diffRows({ phone: null }, { phone: '+49' })).toEqual([
    { field: 'Phone', before: null, after: '+49' },
  ]);
  expect(diffRows({ phone: '+49' }, { phone: '' })).toEqual([{ field: 'Phone', before: '+49', after: null }]);
});

test('addresses read as addresses, not as JSON', () => {
  expect(shown([{ value: 'a@b.example', primary: true }, { value: 'c@d.example' }])).toBe(
    'a@b.example, c@d.example',
  );
});

test('custom fields open up into the fields that changed', () => {
  expect(
    diffRows({ custom_fields: { region: 'N', size: 1 } }, { custom_fields: { region: 'S', size: 1 } }),
  ).toEqual([{ field: 'Region', before: 'N', after: 'S' }]);
});

test('an entry without images has no rows', () => {
  expect(diffRows(null, undefined)).toEqual([]);
});
