import { expect, test } from '@playwright/test';
import { accessible, consent, demo, fitsWidth, member, providerName, reconciled, signIn, slug } from './demo';

test('on a phone: connect, take three people, read what was done', async ({ page }) => {
  test.setTimeout(150_000);
  await signIn(page, member('teams'));
  const name = await providerName(page);
  await page.goto(`${demo.url}/contacts`);
  await page.getByRole('button', { name: 'Add contacts' }).click();
  await page.getByRole('menuitem', { name }).click();
  await consent(page, name, 'Allow');
  await expect(page).toHaveURL(new RegExp(`/contacts/${slug}`));
  for (const i of [0, 1, 2])
    await page
      .getByRole('checkbox', { name: /^Select (?!all)/ })
      .nth(i)
      .check();
  await accessible(page, 'people on a phone');
  await fitsWidth(page, 'people on a phone');
  await page.getByRole('button', { name: 'Import 3 people' }).click();
  await page
    .getByTestId('run-result')
    .getByRole('link', { name: 'See what was done' })
    .click({ timeout: 60_000 });
  expect((await reconciled(page)).seen).toBe(3);
  await accessible(page, 'a run on a phone');

  await page.goto(`${demo.url}/contacts`);
  await page.getByRole('button', { name: 'Select', exact: true }).click();
  const people = page.getByRole('region', { name: 'Contact list' }).getByRole('button');
  await people.nth(0).click();
  await people.nth(1).click();
  await expect(people.nth(1)).toHaveAttribute('aria-pressed', 'true');
  const bar = page.getByRole('region', { name: 'Selected contacts' });
  await expect(bar.getByText('2 selected')).toBeVisible();
  await accessible(page, 'contacts selected on a phone');
  await fitsWidth(page, 'contacts selected on a phone');
  await page.getByRole('button', { name: 'Done' }).click();
  await expect(bar).toHaveCount(0);
});
