import { expect, type Page, test } from '@playwright/test';
import { demo } from './demo';

const PASSWORD = 'four plain words together';

/** Opens the link of the newest mail to an address, as its reader would. */
async function followMail(page: Page, to: string, subject: RegExp) {
  await page.goto(`${demo.url}/dev/mailbox`);
  const mail = page.getByRole('article').filter({ hasText: to }).filter({ hasText: subject }).first();
  await mail.getByRole('link').first().click();
}

test('a stranger signs up, confirms by mail, signs out, and sets a new password', async ({ page }) => {
  test.setTimeout(90_000);
  const email = `wilma.${Date.now()}@example.com`;
  await page.goto(`${demo.url}/signup`);
  await page.getByLabel('Company').fill('Probe Works');
  await page.getByLabel('Your name').fill('Wilma Probe');
  await page.getByLabel('Work email').fill(email);
  await page.getByLabel('Password', { exact: true }).fill(PASSWORD);
  await page.getByRole('button', { name: 'Create company' }).click();
  await expect(page.getByRole('heading', { name: 'Check your mail' })).toBeVisible();
  await expect(page.getByRole('link', { name: 'open the mailbox page' })).toBeVisible();

  await followMail(page, email, /confirm|address|welcome/i);
  await page.getByRole('button', { name: 'Confirm and open Tandem' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Contacts' })).toBeVisible();
  expect(page.url()).not.toContain('token');

  await page.getByRole('button', { name: /^Account of/ }).click();
  await page.getByRole('menuitem', { name: 'Sign out' }).click();
  await page.getByRole('link', { name: 'Forgot your password?' }).click();
  await page.getByLabel('Email').fill(email);
  await page.getByRole('button', { name: 'Send the link' }).click();
  await expect(page.getByRole('heading', { name: 'Check your mail' })).toBeVisible();
  await followMail(page, email, /password/i);
  await page.getByLabel('New password', { exact: true }).fill(`${PASSWORD} again`);
  await page.getByRole('button', { name: 'Set password' }).click();
  await expect(page.getByRole('heading', { name: 'Sign in' })).toBeVisible();
});

test('a wrong password is refused in words, and what was typed stays', async ({ page }) => {
  await page.goto(`${demo.url}/signin`);
  await page.getByLabel('Email').fill('nobody@example.com');
  await page.getByLabel('Password', { exact: true }).fill('not the password');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await expect(page.getByRole('alert')).toBeFocused();
  await expect(page.getByLabel('Email')).toHaveValue('nobody@example.com');
});

test('a link that was used before says how to get a new one', async ({ page }) => {
  await page.goto(`${demo.url}/reset#token=used-before`);
  await page.getByLabel('New password', { exact: true }).fill(PASSWORD);
  await page.getByRole('button', { name: 'Set password' }).click();
  await expect(page.getByRole('link', { name: 'Ask for a new link' })).toBeVisible();
});
