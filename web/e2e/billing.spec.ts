import { expect, test } from '@playwright/test';
import { accessible, type Demo, fitsWidth } from './demo';
import { startDemo } from './start';

test.skip(!process.env.TANDEM_BIN, 'the stand-in server takes no payments');

// A demo of its own: the other one has the test biller.
let demo: Demo;
let stop: () => Promise<void>;
test.beforeAll(async () => {
  test.setTimeout(120_000);
  const started = await startDemo(['--stripe', '--persons', '50']);
  demo = JSON.parse(started.line) as Demo;
  stop = started.stop;
});
test.afterAll(() => stop?.());

test('an interrupted import is paid for, goes on, and the plan ends as it was ended', async ({ page }) => {
  const owner = demo.members.find((m) => m.plan === 'free' && m.role === 'owner');
  const slug = demo.provider;
  const control = (path: string, data: object) =>
    page.request.post(`${demo.stripe}/__sandbox${path}`, { data });

  await test.step('the page lacks the plan, and leads to Stripe', async () => {
    await page.goto(`${demo.url}/signin?next=/contacts/${slug}`);
    await page.getByLabel('Email').fill(owner?.email ?? '');
    await page.getByLabel('Password', { exact: true }).fill(owner?.password ?? '');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('link', { name: 'Upgrade to Business' }).click();
    await expect(page.getByText('Test mode: no money moves')).toBeVisible();
    await page.getByRole('button', { name: 'Upgrade to Business' }).click();
    await expect(page.getByRole('heading', { name: 'Subscribe to Business' })).toBeVisible();
    await page.getByRole('button', { name: 'Back without paying' }).click();
    await expect(page.getByRole('heading', { name: 'Free plan' })).toBeVisible();
  });

  await test.step('coming back changes nothing until Stripe has said so; then the task goes on', async () => {
    await control('/hold', { on: true });
    await page.getByRole('button', { name: 'Upgrade to Business' }).click();
    await page.getByRole('button', { name: 'Pay and subscribe' }).click();
    await expect(page.getByText('Waiting for Stripe’s confirmation')).toBeVisible();
    await expect(page.getByRole('heading', { name: 'Free plan' })).toBeVisible();
    await accessible(page, 'waiting for the confirmation');
    await control('/hold', { on: false });
    await control('/deliver', {});
    await expect(page.getByText('You are on the Business plan now')).toBeVisible();
    await expect(page).toHaveURL(new RegExp(`/contacts/${slug}$`));
  });

  await test.step('ended at the portal, it stays until its day; overdue, it says what to do', async () => {
    await page.goto(`${demo.url}/billing`);
    await expect(page.getByText(/^Renews on /)).toBeVisible();
    await page.getByRole('button', { name: 'Switch to Free' }).click();
    await expect(page.getByRole('dialog', { name: 'Switch to Free?' })).toContainText(
      'connections are paused',
    );
    await accessible(page, 'what a smaller plan takes');
    await page.getByRole('button', { name: 'Continue to Stripe' }).click();
    await page.getByRole('button', { name: 'Cancel subscription' }).click();
    await expect(page.getByText(/^Ends on .* Until then everything stays as it is\.$/)).toBeVisible();
    await page.getByRole('button', { name: 'Manage billing' }).click();
    await page.getByRole('button', { name: 'Do not cancel' }).click();
    await page.getByRole('button', { name: 'Let a payment fail' }).click();
    await page.getByRole('button', { name: 'Return to the app' }).click();
    await expect(page.getByText('The last payment failed', { exact: true })).toBeVisible();
    await accessible(page, 'an overdue payment');
    await page.setViewportSize({ width: 320, height: 800 });
    await fitsWidth(page, 'billing at 320 px');
    await page.setViewportSize({ width: 1440, height: 900 });
  });

  await test.step('other pages say so too, until somebody has seen it', async () => {
    await page.goto(`${demo.url}/contacts`);
    const note = page.getByRole('region', { name: 'Payment overdue' });
    await expect(note).toContainText('Your plan stays until');
    await accessible(page, 'an overdue payment above another page');
    await note.getByRole('link', { name: 'Open billing' }).click();
    await expect(page.getByRole('heading', { level: 1, name: 'Plan and billing' })).toBeVisible();
    await expect(page.getByText('The last payment failed', { exact: true })).toHaveCount(1);
    await page.goBack();
    await note.getByRole('button', { name: 'Not now' }).press('Enter');
    await expect(note).toHaveCount(0);
    await expect(page.getByRole('main')).toBeFocused();
    await page.reload();
    await expect(page.getByRole('heading', { level: 1, name: 'Contacts' })).toBeVisible();
    await expect(note).toHaveCount(0);
  });
});
