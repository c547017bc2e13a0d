import { expect, test } from '@playwright/test';
import { accessible, asMember, consent, demo, member, providerName, slug } from './demo';

test('consent that is denied says that nothing was connected, and what to do', async ({ page }) => {
  await asMember(page, member('teams'));
  const name = await providerName(page);
  await page.goto(`${demo.url}/integrations`);
  await consent(page, name, 'Deny');
  await expect(page).toHaveURL(/status=error&reason=denied/);
  await expect(page.getByRole('alert')).toContainText('You did not allow access');
  await expect(page.getByRole('region', { name, exact: true }).getByText('Not connected')).toBeVisible();
  await accessible(page, 'consent denied');
  await page.getByRole('button', { name: 'Dismiss' }).click();
  await expect(page).toHaveURL(/\/integrations$/);
});

for (const [reason, words] of [
  ['state_expired', 'That took longer than ten minutes'],
  ['account_mismatch', 'That is another account'],
  ['other_session', 'started by somebody else'],
  ['host_refused', 'an address we do not trust'],
  ['something_new', 'was not connected'],
] as const)
  test(`a return with the reason ${reason} is explained`, async ({ page }) => {
    await asMember(page, member('teams'));
    await page.goto(`${demo.url}/integrations?integration=${slug}&status=error&reason=${reason}`);
    await expect(page.getByRole('alert')).toContainText(words);
  });

test('a role that may not connect is told whom to ask', async ({ page }) => {
  await asMember(page, member('teams', 'consultant'));
  await page.goto(`${demo.url}/contacts/${slug}`);
  await expect(page.getByText('Ask an owner or admin of your company')).toBeVisible();
  await expect(page.getByRole('button', { name: /^Connect/ })).toHaveCount(0);
});
