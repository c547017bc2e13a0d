import { expect, test } from '@playwright/test';
import { accessible, demo, member, providerName, slug } from './demo';

/** The stand-in's own shop, on the provider's origin. */
const shop = `${demo.sandboxes[slug]}/marketplace`;

test('an install from the marketplace asks who, connects, and an uninstall says so', async ({ page }) => {
  test.setTimeout(120_000);
  test.skip(!process.env.TANDEM_BIN, 'the stand-in server has no marketplace');
  const owner = member('business');
  const card = async () => page.getByRole('region', { name: await providerName(page), exact: true });

  await test.step('installed while signed out, it waits for somebody to sign in', async () => {
    await page.goto(shop);
    await page.getByRole('button', { name: 'Install now' }).click();
    await expect(page).toHaveURL(/\/install\?id=/);
    await expect(page.getByText('(user Anna Albrecht)')).toBeVisible();
    await accessible(page, 'an install while signed out');
    await page.getByRole('link', { name: 'Sign in' }).click();
    await page.getByLabel('Email').fill(owner.email);
    await page.getByLabel('Password', { exact: true }).fill(owner.password);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await expect(page).toHaveURL(/\/install\?id=/);
  });

  await test.step('it is connected with a word, and not before', async () => {
    const yes = page.getByRole('button', { name: /^Connect .*Anna Albrecht.* to / });
    await expect(yes).toContainText(owner.company);
    await accessible(page, 'an install to confirm');
    await yes.click();
    await expect(page).toHaveURL(new RegExp(`/contacts/${slug}`));
    await page.goto(`${demo.url}/integrations`);
    await expect((await card()).getByText('Connected', { exact: true })).toBeVisible();
    await expect((await card()).getByText('Anna Albrecht').first()).toBeVisible();
  });

  await test.step('a second user replaces nobody without a word', async () => {
    await page.goto(shop);
    await page.getByLabel('User').selectOption({ label: 'Ben Brandt, Nordwind Maschinenbau GmbH' });
    await page.getByRole('button', { name: 'Install now' }).click();
    const yes = page.getByRole('button', { name: /^Connect .*Ben Brandt/ });
    await expect(yes).toBeDisabled();
    await accessible(page, 'who stays');
    await page.getByRole('radio', { name: 'Keep Anna Albrecht' }).check();
    await page.getByRole('button', { name: 'Keep it as it is' }).click();
    await expect((await card()).getByText('Also installed by')).toBeVisible();
    await expect((await card()).getByText('Ben Brandt')).toBeVisible();
  });

  await test.step('no is an answer, and the page says what happened', async () => {
    await page.goto(`${demo.url}/install`);
    await expect(page.getByRole('heading', { name: 'No install waits in this browser' })).toBeVisible();
    await accessible(page, 'no install');
  });

  await test.step('uninstalled there, the card and the banner say so', async () => {
    await page.goto(shop);
    await page.getByRole('button', { name: 'Uninstall' }).click();
    await expect(page.getByText('The app answered 204')).toBeVisible();
    await page.goto(`${demo.url}/integrations`);
    await expect((await card()).getByText('Not connected')).toBeVisible();
    await expect((await card()).getByText('the app was uninstalled there')).toBeVisible();
    await expect(page.getByRole('region', { name: 'The app was uninstalled' })).toBeVisible();
    await accessible(page, 'uninstalled');
  });
});
