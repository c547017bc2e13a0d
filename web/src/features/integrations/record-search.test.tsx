import { MantineProvider } from '@mantine/core';
import { render, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { expect, test, vi } from 'vitest';
import { Problem } from '../../api/problem';
import type { ProviderStatus } from '../../api/schemas';
import { foundWords, RecordSearch } from './record-search';

const { searchRecords } = vi.hoisted(() => ({ searchRecords: vi.fn() }));
vi.mock('../../api/crm-actions', () => ({ searchRecords }));

const language = { name: 'AQL', example: 'SELECT Name FROM Person', rules: 'One kind at a time.', most: 200 };
const provider = { provider: 'crm', name: 'Acme CRM' } as ProviderStatus;

function opened() {
  render(
    <MantineProvider env="test">
      <RecordSearch provider={provider} language={language} onClose={() => {}} />
    </MantineProvider>,
  );
  return userEvent.click(screen.getByRole('button', { name: 'Search' }));
}

const found = (values: string[][], limit = 50) => ({
  kind: 'Person',
  fields: ['Name', 'Email'],
  items: values.map((values, n) => ({ remote_id: `p${n}`, url: `https://acme.example/p${n}`, values })),
  limit,
});

test('what was found stands in a table with a column for each field and a way to each record', async () => {
  searchRecords.mockResolvedValueOnce(
    found([
      ['Ada', ''],
      ['Grace', 'g@x.example'],
    ]),
  );
  await opened();
  expect(searchRecords).toHaveBeenCalledWith('crm', 'SELECT Name FROM Person');
  const heads = (await screen.findAllByRole('columnheader')).map((one) => one.textContent);
  expect(heads).toEqual(['Name', 'Email', 'In Acme CRM']);
  expect(screen.getAllByRole('link', { name: 'Open the record' })[1]).toHaveAttribute(
    'href',
    'https://acme.example/p1',
  );
  expect(screen.getByRole('status')).toHaveTextContent('2 records of the kind Person.');
});

test('a query that is refused says why where it was written', async () => {
  const fields = [{ field: 'query', message: 'A search begins with SELECT.' }];
  searchRecords.mockRejectedValueOnce(new Problem({ status: 400, code: 'invalid', fields }));
  await opened();
  expect(await screen.findByText('A search begins with SELECT.')).toBeInTheDocument();
  expect(screen.getByLabelText('Query')).toBeInvalid();
});

test('how many there are says whether there may be more', () => {
  expect(foundWords(found([]))).toBe('No Person fits.');
  expect(foundWords(found([['Ada', '']]))).toBe('1 record of the kind Person.');
  expect(foundWords(found([['Ada', '']], 1))).toContain('there may be more');
});
