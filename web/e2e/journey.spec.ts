import { expect, test } from '@playwright/test';
import { accessible, consent, demo, member, providerName, reconciled, signIn, slug } from './demo';

test('from a free plan to an import that adds up, changes nothing twice, and ends', async ({ page }) => {
  test.setTimeout(300_000);
  let name = '';

  await test.step('sign in', async () => {
    await page.goto(`${demo.url}/contacts`);
    await expect(page.getByRole('heading', { name: 'Sign in' })).toBeVisible();
    await accessible(page, 'sign in');
    await signIn(page, member('free'));
    await accessible(page, 'contacts');
    name = await providerName(page);
  });

  await test.step('the small plan has no imports', async () => {
    await page.getByRole('button', { name: 'Add contacts' }).click();
    await accessible(page, 'the add menu');
    await page.getByRole('menuitem', { name }).click();
    await expect(page).toHaveURL(/\/contacts\?upgrade=/);
    await expect(page.getByText(`Importing from ${name} is part of the`)).toBeVisible();
    await accessible(page, 'the upgrade call');
  });

  await test.step('upgrade, and land where it was interrupted', async () => {
    await page.getByRole('link', { name: /^Upgrade to/ }).click();
    await expect(page.getByRole('heading', { name: 'Plan and billing' })).toBeFocused();
    await expect(page.getByText('Test biller: no money moves')).toBeVisible();
    await accessible(page, 'billing');
    await page.getByRole('button', { name: 'Upgrade to Business' }).click();
    await expect(page.getByRole('heading', { name: `Import from ${name}` })).toBeVisible();
    await accessible(page, 'before connecting');
  });

  await test.step('connect through the consent page', async () => {
    await consent(page, name, 'Allow');
    await expect(page.getByText(`${name} is connected`)).toBeVisible();
    await expect(page).toHaveURL(new RegExp(`/contacts/${slug}$`));
    await expect(page.getByRole('checkbox', { name: /^Select (?!all)/ }).nth(3)).toBeVisible();
    await accessible(page, 'people at the provider');
  });

  await test.step('look at one by keyboard, select three, import', async () => {
    const details = page.getByRole('button', { name: /^Details of/ }).first();
    await details.focus();
    await page.keyboard.press('Enter');
    await expect(details).toHaveAttribute('aria-expanded', 'true');
    await expect(page.getByRole('columnheader', { name: 'After the import' })).toBeVisible();
    await accessible(page, 'a comparison');
    await details.press('Enter');
    for (const i of [0, 1, 2])
      await page
        .getByRole('checkbox', { name: /^Select (?!all)/ })
        .nth(i)
        .check();
    await expect(page.getByText('3 selected')).toBeVisible();
    await page.getByRole('button', { name: 'Import 3 people' }).click();
    await expect(page.getByTestId('run-result')).toContainText('3 read', { timeout: 60_000 });
    await expect(page.getByTestId('run-result')).toContainText('It adds up');
    await expect(
      page.getByRole('alert').or(page.getByRole('status')).filter({ hasText: 'See what was done' }),
    ).toBeVisible();
  });

  await test.step('import everyone, with progress', async () => {
    await page.getByText('Everyone', { exact: true }).click();
    // Providers give no totals: before the first complete import nobody knows.
    await expect(page.getByTestId('cost')).toContainText('Cost not known yet');
    await page.getByRole('button', { name: /^Import everyone/ }).click();
    await expect(page.getByTestId('run-progress')).toBeVisible();
    await expect(page.getByRole('progressbar', { name: 'Import progress' })).toBeVisible();
    await accessible(page, 'an import that runs');
    await expect(page.getByTestId('run-result')).toBeVisible({ timeout: 150_000 });
  });

  let all = 0;
  await test.step('the log adds up', async () => {
    await page.getByTestId('run-result').getByRole('link', { name: 'See what was done' }).click();
    await expect(page.getByRole('heading', { level: 1, name: `Everyone from ${name}` })).toBeFocused();
    const counts = await reconciled(page);
    all = counts.seen;
    expect(counts.created).toBeGreaterThan(100);
    expect(counts.unchanged).toBeGreaterThanOrEqual(1); // the three from before
    await accessible(page, 'a run');
    await page.getByRole('link', { name: /Created$/ }).click();
    await expect(page).toHaveURL(/outcome=created/);
    await expect(page.getByRole('heading', { name: 'Created entries' })).toBeVisible();
    await page.goto(`${demo.url}/sync-logs`);
    await expect(page.getByRole('link', { name: `Everyone from ${name}` }).first()).toBeVisible();
    await accessible(page, 'the sync log');
  });

  await test.step('the same import again changes nothing', async () => {
    await page.goto(`${demo.url}/contacts/${slug}`);
    await page.getByText('Everyone', { exact: true }).click();
    await expect(page.getByTestId('cost')).toContainText("Fits in today's budget");
    await page.getByRole('button', { name: /^Import everyone/ }).click();
    await expect(page.getByTestId('run-result')).toBeVisible({ timeout: 150_000 });
    await page.getByTestId('run-result').getByRole('link', { name: 'See what was done' }).click();
    const counts = await reconciled(page);
    expect(counts).toMatchObject({ seen: all, created: 0, updated: 0, linked: 0 });
    expect(counts.unchanged).toBeGreaterThan(100);
  });

  await test.step('disconnect; the contacts stay', async () => {
    await page.goto(`${demo.url}/integrations`);
    const card = page.getByRole('region', { name, exact: true });
    await expect(card.getByText('Connected', { exact: true })).toBeVisible();
    await expect(card.getByTestId('budget-takeaway')).toContainText(
      /Today [\d,]+ tokens: [\d,]+ for imports/,
    );
    await accessible(page, 'integrations');
    await card.getByRole('button', { name: 'Show as table' }).click();
    await expect(card.getByRole('row')).toHaveCount(15);
    await accessible(page, 'the use of the budget as a table');
    await card.getByRole('button', { name: 'Disconnect' }).click();
    await expect(page.getByRole('dialog').getByText('What stays')).toBeVisible();
    await accessible(page, 'what stays and what stops');
    await page
      .getByRole('dialog')
      .getByRole('button', { name: `Disconnect ${name}` })
      .click();
    await expect(card.getByText('Not connected')).toBeVisible();
    await page.goto(`${demo.url}/contacts`);
    await expect(page.getByRole('region', { name: 'Contact list' }).getByRole('row').nth(5)).toBeVisible();
    expect(await page.getByRole('region', { name: 'Contact list' }).getByRole('row').count()).toBeLessThan(
      60,
    );
  });

  await test.step('sign out', async () => {
    await page.getByRole('button', { name: /^Account of/ }).click();
    await page.getByRole('menuitem', { name: 'Sign out' }).click();
    await expect(page.getByRole('heading', { name: 'Sign in' })).toBeVisible();
    await page.goto(`${demo.url}/settings`);
    await expect(page).toHaveURL(/\/signin\?next=%2Fsettings/);
  });
});
