import { expect, type Page, test } from '@playwright/test';
import { accessible, asMember, demo, fitsWidth, member, signIn } from './demo';

const PASSWORD = 'four plain words together';

async function followMail(page: Page, to: string) {
  await expect(async () => {
    await page.goto(`${demo.url}/dev/mailbox`);
    await expect(page.getByRole('article').filter({ hasText: to }).first()).toBeVisible({ timeout: 1_000 });
  }).toPass({ timeout: 15_000 });
  await page.getByRole('article').filter({ hasText: to }).first().getByRole('link').first().click();
}

test('somebody is invited, joins, becomes more, and is removed again', async ({ page, browser }) => {
  test.setTimeout(120_000);
  const email = `nora.${Date.now()}@example.com`;
  await asMember(page, member('teams', 'admin'));
  await page.goto(`${demo.url}/team`);
  await page.getByRole('button', { name: 'Invite', exact: true }).click();
  await accessible(page, 'the invitation form');
  // Nobody is offered a role above their own.
  await expect(page.getByLabel('Role', { exact: true }).getByRole('option', { name: 'Owner' })).toHaveCount(
    0,
  );
  await page.getByLabel('Email').fill(email);
  await page.getByRole('button', { name: 'Send the invitation' }).click();
  await expect(page.getByRole('region', { name: 'Invitations' }).getByText(email)).toBeVisible();
  // The fifth seat is held by the invitation.
  await expect(page.getByText('Every seat of your plan is taken')).toBeVisible();
  await accessible(page, 'the team');
  await page.setViewportSize({ width: 320, height: 800 });
  await fitsWidth(page, 'the team at 320 px');
  await page.setViewportSize({ width: 1440, height: 900 });

  const theirs = await (await browser.newContext({ reducedMotion: 'reduce' })).newPage();
  await followMail(theirs, email);
  await expect(theirs.getByRole('heading', { name: 'Join Atlas Machines' })).toBeVisible();
  await accessible(theirs, 'the invitation');
  await theirs.getByLabel('Your name').fill('Nora New');
  await theirs.getByLabel('Choose a password', { exact: true }).fill(PASSWORD);
  await theirs.getByRole('button', { name: 'Join Atlas Machines' }).click();
  await expect(theirs.getByRole('heading', { level: 1, name: 'Contacts' })).toBeVisible();
  expect(theirs.url()).not.toContain('token');

  await page.reload();
  await page.getByLabel('Role of Nora New').selectOption('golden_ticket');
  await expect(page.getByText('Nora New is golden ticket now')).toBeVisible();
  await page.getByRole('button', { name: 'Remove Nora New' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Remove Nora New' }).click();
  await expect(page.getByText('Nora New is out')).toBeVisible();
  await theirs.goto(`${demo.url}/activities`);
  await expect(theirs.getByRole('heading', { name: 'Sign in' })).toBeVisible();

  await page.goto(`${demo.url}/settings/audit`);
  await expect(page.getByText('Removed a member').first()).toBeVisible();
  await page.getByRole('button', { name: 'Check the chain' }).click();
  // Young rows are sealed within minutes.
  await expect(page.getByRole('region', { name: 'Verdict' })).toContainText(
    /what was written|in the chain yet/,
  );
  await accessible(page, 'the audit log');
});

test('two-step sign-in asks for a code, and a recovery code lets in', async ({ page }) => {
  test.setTimeout(90_000);
  const who = member('teams', 'consultant');
  await signIn(page, who);
  await page.goto(`${demo.url}/settings/security`);
  await accessible(page, 'security');
  await page.getByRole('button', { name: 'Turn it on' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Your password', { exact: true }).fill(who.password);
  await dialog.getByRole('button', { name: 'Go on' }).click();
  await expect(dialog.getByRole('img', { name: /^QR code/ })).toBeVisible();
  await accessible(page, 'setting two-step sign-in up');
  const secret = (await dialog.locator('code').innerText()).replaceAll(' ', '');
  await dialog.getByLabel('Code', { exact: true }).fill(await codeOf(secret));
  await dialog.getByRole('button', { name: 'Turn it on' }).click();
  const listed = dialog.getByRole('list', { name: 'Recovery codes' }).getByRole('listitem');
  await expect(listed).toHaveCount(10);
  const codes = await listed.allInnerTexts();
  await dialog.getByRole('button', { name: 'I have kept them' }).click();
  await expect(page.getByText('10 recovery codes left.')).toBeVisible();

  await page.context().clearCookies();
  await page.goto(`${demo.url}/signin`);
  await page.getByLabel('Email').fill(who.email);
  await page.getByLabel('Password', { exact: true }).fill(who.password);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByLabel('Code', { exact: true }).fill('000000');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await expect(page.getByRole('alert')).toContainText('This code does not count');
  await accessible(page, 'signing in with a code');
  await page.getByLabel('Code', { exact: true }).fill(codes[0] ?? '');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Contacts' })).toBeVisible();

  // Off again, for whoever comes after this test.
  await page.goto(`${demo.url}/settings/security`);
  await page.getByRole('button', { name: 'Turn it off' }).click();
  await dialog.getByLabel('Your password', { exact: true }).fill(who.password);
  await dialog.getByLabel('Code', { exact: true }).fill(codes[1] ?? '');
  await dialog.getByRole('button', { name: 'Turn it off' }).click();
  await expect(page.getByText('Two-step sign-in is off')).toBeVisible();
});

/** RFC 6238, as an authenticator app computes it. */
async function codeOf(base32: string): Promise<string> {
  const bits = [...base32].map((c) =>
    'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(c).toString(2).padStart(5, '0'),
  );
  const bytes =
    bits
      .join('')
      .match(/.{8}/g)
      ?.map((b) => Number.parseInt(b, 2)) ?? [];
  const key = await crypto.subtle.importKey(
    'raw',
    new Uint8Array(bytes),
    { name: 'HMAC', hash: 'SHA-1' },
    false,
    ['sign'],
  );
  const step = new DataView(new ArrayBuffer(8));
  step.setUint32(4, Math.floor(Date.now() / 30_000));
  const mac = new Uint8Array(await crypto.subtle.sign('HMAC', key, step.buffer));
  const offset = (mac.at(-1) ?? 0) & 15;
  const number = new DataView(mac.buffer).getUint32(offset) & 0x7fffffff;
  return String(number % 1_000_000).padStart(6, '0');
}
