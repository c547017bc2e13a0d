import { expect, test } from 'vitest';
import { inTheWay } from './words';

test('a file can start when a column is a name or an e-mail address and none is chosen twice', () => {
  const column = (field: never) => ({ name: 'x', field });
  const of = (...fields: string[]) => inTheWay(fields.map((f) => column(f as never)));
  expect(of('email', 'custom', 'custom')).toBeNull();
  expect(of('email', 'email', 'phone', 'phone')).toBeNull();
  expect(of('phone', 'organization')).toMatch(/name or an e-mail/);
  expect(of('full_name', 'full_name')).toBe('Two columns are “Name”. Choose one of them.');
});
