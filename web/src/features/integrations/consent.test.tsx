import { MantineProvider } from '@mantine/core';
import { render, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { expect, test } from 'vitest';
import type { ProviderStatus } from '../../api/schemas';
import { ConnectButton } from './consent';

const provider = (part: Partial<ProviderStatus>) =>
  ({
    provider: 'crm',
    name: 'Acme CRM',
    asks: [],
    never: [],
    before: [],
    own_login: null,
    ...part,
  }) as ProviderStatus;

const own_login = { name: 'Own host', example: 'acme.my.crm.example', words: 'Only where it is needed.' };

async function opened(part: Partial<ProviderStatus>, again = false) {
  render(
    <MantineProvider env="test">
      <ConnectButton provider={provider(part)} again={again} />
    </MantineProvider>,
  );
  await userEvent.click(screen.getByRole('button', { name: /onnect Acme CRM$/ }));
  return screen.findByRole('link', { name: 'Continue to Acme CRM' });
}

test('the steps come first where the provider has some, and nothing is asked where it has none', async () => {
  await opened({ before: ['An administrator installs the app.', 'You connect.'] });
  const steps = screen.getAllByRole('listitem').map((one) => one.textContent);
  expect(steps).toEqual(['An administrator installs the app.', 'You connect.']);
  expect(screen.queryByRole('textbox')).toBeNull();
});

test('who connects again has done the steps', async () => {
  await opened({ before: ['An administrator installs the app.'] }, true);
  expect(screen.queryByText('An administrator installs the app.')).toBeNull();
});

test('who is connected is sent where they signed in, and is not asked again', async () => {
  const connection = { state: 'needs_reconnect' } as ProviderStatus['connection'];
  const own = { ...own_login, host: 'nordwind.my.crm.example' };
  const link = await opened({ own_login: own, connection }, true);
  expect(screen.queryByRole('textbox')).toBeNull();
  expect(screen.getByText('nordwind.my.crm.example')).toBeInTheDocument();
  expect(link).toHaveAttribute('href', '/api/integrations/crm/connect');
});

test('who was disconnected finds the host that they said, and may say another', async () => {
  const connection = { state: 'disconnected' } as ProviderStatus['connection'];
  const own = { ...own_login, host: 'nordwind.my.crm.example' };
  const link = await opened({ own_login: own, connection }, true);
  expect(screen.getByLabelText(/^Own host/)).toHaveValue('nordwind.my.crm.example');
  expect(link.getAttribute('href')).toContain('login=https%3A%2F%2Fnordwind.my.crm.example');
});

test('a host of their own goes along, and one that is none stays on the page', async () => {
  const link = await opened({ own_login });
  expect(link).toHaveAttribute('href', '/api/integrations/crm/connect');
  const field = screen.getByLabelText(/^Own host/);
  await userEvent.type(field, 'nordwind');
  expect(link).toHaveAttribute(
    'href',
    '/api/integrations/crm/connect?login=https%3A%2F%2Fnordwind.my.crm.example',
  );
  await userEvent.clear(field);
  await userEvent.type(field, 'evil.example');
  await userEvent.click(link);
  expect(screen.getByText('Use an address such as acme.my.crm.example.')).toBeInTheDocument();
  expect(link).toHaveAttribute('href', '/api/integrations/crm/connect');
});
