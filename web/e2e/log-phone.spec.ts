import { expect, test } from '@playwright/test';
import { newContact, openPerson } from './crm';
import { accessible, asMember, demo, fitsWidth, member } from './demo';

test('on a phone a call is logged in three taps, from the person and from the feed', async ({ page }) => {
  const stamp = Date.now();
  const who = `Tess Tapped ${stamp}`;
  await asMember(page, member('business'));
  await page.goto(`${demo.url}/contacts`);
  const id = await newContact(page, {
    full_name: who,
    emails: [{ value: `tess.${stamp}@example.com`, primary: true }],
    phones: [{ value: '+49 30 5551234', primary: true }],
  });
  await openPerson(page, id, who);
  await expect(page.getByRole('link', { name: 'Call' })).toHaveAttribute('href', /^tel:\+4930/);
  await accessible(page, 'a person on a phone');

  await page.getByRole('button', { name: 'Log', exact: true }).tap();
  const sheet = page.getByRole('dialog', { name: 'Log activity' });
  await sheet.getByText('Call', { exact: true }).tap();
  await sheet.getByRole('button', { name: 'Log call' }).tap();
  await expect(page.getByRole('status').filter({ hasText: `Call with ${who} logged` })).toBeVisible();
  await expect(page.getByRole('region', { name: 'Today' }).getByRole('listitem')).toHaveCount(1);

  await page.goto(`${demo.url}/activities`);
  await page.getByRole('button', { name: 'Log', exact: true }).tap();
  await accessible(page, 'whom it was with');
  await fitsWidth(page, 'whom it was with');
  await sheet.getByRole('button', { name: new RegExp(who) }).tap();
  await accessible(page, 'the log form on a phone');
  await sheet.getByRole('button', { name: 'Log call' }).tap();
  await expect(
    page.getByRole('region', { name: 'Today' }).getByRole('listitem').filter({ hasText: who }),
  ).toHaveCount(2);
});

test('what is logged without a connection is kept, marked, and sent later once', async ({
  page,
  context,
}) => {
  const stamp = Date.now();
  const who = `Otto Offline ${stamp}`;
  await asMember(page, member('business'));
  await page.goto(`${demo.url}/contacts`);
  const id = await newContact(page, {
    full_name: who,
    emails: [{ value: `otto.${stamp}@example.com`, primary: true }],
  });
  await openPerson(page, id, who);
  await page.getByRole('button', { name: 'Log', exact: true }).tap();
  const sheet = page.getByRole('dialog', { name: 'Log activity' });
  await expect(sheet.getByText(who)).toBeVisible();
  await context.setOffline(true);
  await sheet.getByRole('button', { name: 'Log call' }).tap();
  await expect(page.getByRole('status').filter({ hasText: 'is kept' })).toBeVisible();
  const unsent = page.getByRole('region', { name: 'Not sent yet' });
  await expect(unsent).toContainText('Not sent yet');
  await context.setOffline(false);
  await expect(unsent).toHaveCount(0, { timeout: 30_000 });
  await expect(page.getByRole('region', { name: 'Today' }).getByRole('listitem')).toHaveCount(1);
});
