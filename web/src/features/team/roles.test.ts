import { expect, test } from 'vitest';
import { grantable, within } from './roles';

test('nobody is offered a role above their own', () => {
  expect(grantable('admin').map((r) => r.role)).toEqual(['admin', 'golden_ticket', 'consultant']);
  expect(grantable('owner')).toHaveLength(4);
  expect(within('owner', 'admin')).toBe(false);
  expect(within('consultant', 'consultant')).toBe(true);
});
