import { expect, test } from '@playwright/test';
import { accessible, asMember, demo, member } from './demo';

test.beforeEach(async ({ page }) => {
  await asMember(page, member('business'));
  await page.goto(`${demo.url}/contacts`);
});

test('the palette opens from inside a field and goes to pages', async ({ page }) => {
  await page.getByRole('searchbox', { name: 'Search contacts' }).focus();
  await page.keyboard.press('Control+k');
  await expect(page.getByRole('dialog', { name: 'Search or jump to' })).toBeVisible();
  await page.keyboard.type('sync');
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(/\/sync-logs/);
});

test('a change of page moves the focus to its heading and names the window', async ({ page }) => {
  await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Settings' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Settings' })).toBeFocused();
  await expect(page).toHaveTitle('Settings · Tandem');
});

test('search and filters live in the address and survive a reload', async ({ page }) => {
  await page.getByRole('searchbox', { name: 'Search contacts' }).fill('zzz nobody');
  await expect(page).toHaveURL(/search=zzz/);
  await expect(page.getByRole('heading', { name: 'Nobody matches' })).toBeVisible();
  await page.reload();
  await expect(page.getByRole('searchbox', { name: 'Search contacts' })).toHaveValue('zzz nobody');
  await page.getByRole('button', { name: 'Clear filters' }).first().click();
  await expect(page).toHaveURL(/\/contacts$/);
});

test('one person by hand, changed in place, found again, deleted', async ({ page }) => {
  const name = `Wilma Probe ${Date.now()}`;
  await page.getByRole('button', { name: 'Add contacts' }).click();
  await page.getByRole('menuitem', { name: 'Add one person' }).click();
  await page.getByLabel('Name').fill(name);
  await page.getByLabel('Email').fill(`wilma${Date.now()}@example.com`);
  await page.getByRole('button', { name: 'Add person' }).click();
  const drawer = page.getByRole('dialog', { name });
  await expect(drawer).toBeVisible();
  await drawer.getByRole('button', { name: `Raise warmness of ${name}` }).click();
  await expect(drawer.getByRole('img', { name: 'Warmness 1 of 10, Cold' })).toBeVisible();
  await expect(page.getByText(`${name} is now 1, cold`)).toBeVisible();
  await page.reload();
  await expect(
    page.getByRole('dialog', { name }).getByRole('img', { name: 'Warmness 1 of 10, Cold' }),
  ).toBeVisible();
  await page.getByRole('button', { name: `Delete ${name}` }).click();
  await expect(page.getByText(`${name} was deleted`)).toBeVisible();
  await expect(page.getByRole('dialog')).toHaveCount(0);
  await page.getByRole('button', { name: /^Notifications, \d+ new/ }).click();
  const notices = page.getByRole('dialog', { name: 'Notifications' });
  await expect(notices.getByRole('listitem').first()).toContainText(`${name} was deleted`);
  await accessible(page, 'notifications');
  await page.keyboard.press('Escape');
  await expect(page.getByRole('button', { name: 'Notifications', exact: true })).toBeFocused();
});

test('the theme chosen in the account menu stays', async ({ page }) => {
  await page.getByRole('button', { name: /^Account of/ }).click();
  await page.getByRole('menuitem', { name: 'Dark' }).click();
  await page.reload();
  await expect(page.locator('html')).toHaveAttribute('data-mantine-color-scheme', 'dark');
});

test('single keys log and list, the focus comes back, and they can be turned off', async ({ page }) => {
  await page.goto(`${demo.url}/activities`);
  const open = page.getByRole('main').getByRole('button', { name: 'Log activity' });
  await open.focus();
  await page.keyboard.press('l');
  const dialog = page.getByRole('dialog', { name: 'Log activity' });
  await expect(dialog.getByRole('searchbox', { name: 'Whom was it with?' })).toBeFocused();
  await page.keyboard.press('Escape');
  await expect(dialog).toHaveCount(0);
  await expect(open).toBeFocused();
  await page.keyboard.press('Shift+?');
  await expect(page.getByRole('dialog', { name: 'Keyboard' })).toBeVisible();
  await page.keyboard.press('Escape');
  await page.goto(`${demo.url}/settings`);
  await page.getByLabel('Single-key shortcuts').uncheck();
  await page.getByRole('heading', { level: 1 }).focus();
  await page.keyboard.press('l');
  await page.keyboard.press('Shift+?');
  await page.waitForTimeout(300);
  await expect(page.getByRole('dialog')).toHaveCount(0);
  await page.getByLabel('Single-key shortcuts').check();
});
