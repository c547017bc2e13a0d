import { expect, test } from 'vitest';
import { connectUrl } from '../../api/integrations';
import { loginUrl } from './own-login';

const own = { name: 'Own host', example: 'acme.my.crm.example', words: 'Only where it is needed.' };

test.each([
  ['acme', 'https://acme.my.crm.example'],
  ['  Acme.My.CRM.example ', 'https://acme.my.crm.example'],
  ['https://acme.my.crm.example/', 'https://acme.my.crm.example'],
  ['https://acme.my.crm.example/home?x=1#y', 'https://acme.my.crm.example'],
  ['acme--uat.sandbox.my.crm.example', 'https://acme--uat.sandbox.my.crm.example'],
])('"%s" is the host %s', (written, url) => expect(loginUrl(written, own)).toBe(url));

test('nothing written is no host of their own', () => {
  expect(loginUrl('  ', own)).toBeUndefined();
});

test.each([
  'evil.example',
  'acme.my.crm.example.evil.example',
  'acme.my.crm.example@evil.example',
  'https://evil.example/acme.my.crm.example',
  'javascript:alert(1)',
  'my.crm.example',
  '.my.crm.example',
  'acme corp',
  'аcme',
])('"%s" is refused before anybody leaves', (written) => expect(loginUrl(written, own)).toBeNull());

test('the host travels as a parameter, and none does without one', () => {
  expect(connectUrl('crm')).toBe('/api/integrations/crm/connect');
  expect(connectUrl('crm', 'https://a.my.crm.example')).toBe(
    '/api/integrations/crm/connect?login=https%3A%2F%2Fa.my.crm.example',
  );
});
