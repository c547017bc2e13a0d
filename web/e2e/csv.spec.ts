import { expect, type Page, test } from '@playwright/test';
import { accessible, asMember, demo, member } from './demo';

test('a file is brought, its columns are confirmed, it is imported, and its bad row is corrected', async ({
  page,
}) => {
  const stamp = Date.now();
  await asMember(page, member('business'));
  await page.goto(`${demo.url}/contacts`);
  await page.getByRole('button', { name: 'Add contacts' }).click();
  await page.getByRole('menuitem', { name: 'From a CSV file' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Import from a CSV file' })).toBeVisible();
  await cancelled(page);
  // As a German spreadsheet writes it: semicolons, and no UTF-8.
  const rows = [
    'Vorname;Name;E-Mail;Firma;Geburtstag',
    `Jürgen;Käse ${stamp};jk.${stamp}@example.com;Köln AG;1.1.1980`,
    `Ida;Falsch ${stamp};ida at example.com;;`,
  ];
  await page.getByLabel('CSV file').setInputFiles({
    name: 'kontakte.csv',
    mimeType: 'text/csv',
    buffer: Buffer.from(rows.join('\r\n'), 'latin1'),
  });
  await expect(page.getByLabel('Letters')).toHaveValue('windows-1252');
  await expect(page.getByLabel('Between columns')).toHaveValue('semicolon');
  await expect(page.getByLabel('Name becomes', { exact: true })).toHaveValue('last_name');
  await expect(page.getByText('Jürgen · Ida')).toBeVisible();
  await accessible(page, 'the columns of a file');
  await page.getByLabel('E-Mail becomes').selectOption('Leave out');
  await page.getByLabel('Vorname becomes').selectOption('Leave out');
  await page.getByLabel('Name becomes', { exact: true }).selectOption('Leave out');
  await expect(page.getByText('Say which column holds a name')).toBeVisible();
  await page.getByLabel('Vorname becomes').selectOption('First name');
  await page.getByLabel('Name becomes', { exact: true }).selectOption('Last name');
  await page.getByLabel('E-Mail becomes').selectOption('E-mail');
  await page.getByRole('button', { name: 'Import 2 rows' }).click();

  await expect(page.getByRole('heading', { level: 1, name: 'People from a CSV file' })).toBeVisible();
  await expect(page.getByTestId('count-created')).toHaveText('1', { timeout: 15_000 });
  await expect(page.getByTestId('count-quarantined')).toHaveText('1');
  const left = page.waitForEvent('download');
  await page.getByRole('link', { name: 'Download 1 not imported as CSV' }).click();
  const told = await (await left).createReadStream();
  expect((await told.toArray()).join('')).toMatch(/^\uFEFF"Outcome","Record".*\r\n"quarantined","3",/);
  const bad = page.getByRole('region', { name: 'Rows to correct' });
  await expect(bad.getByText('holds something that is no e-mail address')).toBeVisible();
  await bad.getByRole('button', { name: 'Correct row 3' }).click();
  await accessible(page, 'a row to correct');
  await bad.getByLabel('E-Mail of row 3').fill(`ida.${stamp}@example.com`);
  await bad.getByRole('button', { name: 'Import 1 row' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Corrected rows from a CSV file' })).toBeVisible();
  await expect(page.getByTestId('count-created')).toHaveText('1', { timeout: 15_000 });
  await expect(page.getByRole('region', { name: 'Rows to correct' })).toHaveCount(0);

  // Out again: the file holds who is on the list.
  await page.goto(`${demo.url}/contacts?search=${stamp}`);
  await expect(page.getByText(`Ida Falsch ${stamp}`).first()).toBeVisible();
  const download = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Export', exact: true }).click();
  expect((await download).suggestedFilename()).toBe('tandem-contacts.csv');
});

/** A large file on a slow line: its bytes are counted, and they stop when somebody says so. */
async function cancelled(page: Page) {
  const wire = await page.context().newCDPSession(page);
  const line = { offline: false, latency: 0, downloadThroughput: -1, uploadThroughput: 500_000 };
  await wire.send('Network.emulateNetworkConditions', line);
  await page.getByLabel('CSV file').setInputFiles({
    name: 'large.csv',
    mimeType: 'text/csv',
    buffer: Buffer.from(`Name\r\n${'Ada Adam\r\n'.repeat(400_000)}`),
  });
  const bar = page.getByRole('progressbar', { name: 'Upload progress' });
  await expect.poll(async () => Number(await bar.getAttribute('aria-valuenow'))).toBeGreaterThan(5);
  expect(Number(await bar.getAttribute('aria-valuenow'))).toBeLessThan(100);
  await expect(page.getByText(/^[\d.]+ [kM]B of 4\.0 MB/)).toBeVisible();
  await expect(page.getByRole('button', { name: 'Cancel upload' })).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(page.getByText('large.csv was not sent; nothing of it is kept.')).toBeVisible();
  await expect(page.getByRole('button', { name: 'Choose a CSV file' })).toBeFocused();
  await wire.send('Network.emulateNetworkConditions', { ...line, uploadThroughput: -1 });
  await wire.detach();
}
