import { expect, test } from '@playwright/test';
import { newContact } from './crm';
import { accessible, asMember, demo, fitsWidth, member } from './demo';

test('a campaign is made, filled from a paste and from the list, and what comes of it is counted', async ({
  page,
}) => {
  const stamp = Date.now();
  const name = `Autumn fair ${stamp}`;
  await asMember(page, member('business'));
  await page.goto(`${demo.url}/contacts`);
  for (const who of ['Pia', 'Lou', 'Max'])
    await newContact(page, {
      full_name: `${who} Paste ${stamp}`,
      warmness: 9,
      emails: [{ value: `${who}.${stamp}@example.com`.toLowerCase(), primary: true }],
    });

  await page.goto(`${demo.url}/campaigns`);
  await accessible(page, 'campaigns');
  await page.getByRole('button', { name: 'New campaign' }).click();
  const form = page.getByRole('dialog', { name: 'New campaign' });
  await accessible(page, 'the campaign form');
  await form.getByLabel('Name').fill(name);
  await form.getByLabel('First day').fill('2026-05-02');
  await form.getByLabel('Last day').fill('2026-05-01');
  await form.getByRole('button', { name: 'Create campaign' }).click();
  await expect(form.getByText('A campaign ends on the day it starts, or later.')).toBeVisible();
  await form.getByLabel('First day').fill('2020-05-02');
  await form.getByLabel('Last day').fill('2099-05-01');
  await form.getByRole('button', { name: 'Create campaign' }).click();
  await expect(page.getByRole('heading', { level: 1, name })).toBeVisible();
  await accessible(page, 'a campaign without contacts');

  await page.getByRole('button', { name: 'Add contacts' }).first().click();
  const adding = page.getByRole('dialog', { name: `Add contacts to ${name}` });
  await adding
    .getByLabel('E-mail addresses')
    .fill(
      `"Pia" <PIA.${stamp}@example.com>\nmailto:lou.${stamp}@example.com;\nnobody.${stamp}@example.com\nrubbish`,
    );
  await adding.getByLabel('Reach them by').selectOption('Call');
  await adding.getByRole('button', { name: 'Add contacts' }).click();
  await expect(adding.getByText(`2 contacts were added to ${name}`)).toBeVisible();
  await expect(adding.getByText(`nobody.${stamp}@example.com`)).toBeVisible();
  await expect(adding.getByText('rubbish')).toBeVisible();
  await accessible(page, 'whom nothing was found for');
  await adding.getByRole('button', { name: 'Done' }).click();
  const list = page.getByRole('region', { name: 'Contacts' });
  await expect(list.getByRole('link', { name: /Paste/ })).toHaveCount(2);

  const note = list.getByLabel(`Note on Pia Paste ${stamp}`);
  await note.fill('Met in Rome');
  await note.press('Enter');
  await expect(page.getByRole('status').filter({ hasText: `Pia Paste ${stamp} was changed` })).toBeVisible();
  await list.getByRole('button', { name: `Remove Lou Paste ${stamp}` }).press('Enter');
  await expect(list.getByRole('link', { name: /Paste/ })).toHaveCount(1);
  // The button is gone; the focus is not.
  await expect(page.getByRole('main')).toBeFocused();
  const removed = page.getByRole('status').filter({ hasText: `Lou Paste ${stamp} was removed` });
  await removed.getByRole('button', { name: 'Undo' }).click();
  await expect(list.getByRole('link', { name: /Paste/ })).toHaveCount(2);

  // On a phone a row has a menu for what a wide table has fields for.
  await page.setViewportSize({ width: 390, height: 844 });
  await list.getByRole('button', { name: `Actions for Lou Paste ${stamp}` }).click();
  await page.getByRole('menuitem', { name: 'LinkedIn' }).click();
  await expect(list.getByRole('link', { name: new RegExp(`Lou Paste ${stamp}`) })).toContainText('LinkedIn');
  await accessible(page, 'a campaign on a phone');
  await page.setViewportSize({ width: 1440, height: 900 });

  // All that match, from the list; and back by Undo.
  await page.goto(`${demo.url}/contacts?search=${stamp}`);
  await page.getByRole('checkbox', { name: 'Select all on this list' }).check();
  const bar = page.getByRole('region', { name: 'Selected contacts' });
  await expect(bar.getByText('3 selected')).toBeVisible();
  await accessible(page, 'contacts that are selected');
  await bar.getByRole('button', { name: 'Campaign' }).click();
  await page.getByRole('menuitem', { name }).click();
  await expect(page.getByRole('status').filter({ hasText: `1 contact came into ${name}` })).toBeVisible();
  await page.getByRole('checkbox', { name: `Select Max Paste ${stamp}` }).check();
  await bar.getByRole('button', { name: 'Tag' }).click();
  await page.getByRole('dialog', { name: 'Tag' }).getByLabel('Tag').fill(`fair-${stamp}`);
  await page.getByRole('button', { name: 'Add tag' }).click();
  await expect(
    page.getByRole('status').filter({ hasText: `fair-${stamp} was added to 1 contact` }),
  ).toBeVisible();
  await page.getByRole('checkbox', { name: `Select Max Paste ${stamp}` }).check();
  await bar.getByRole('button', { name: 'Delete 1' }).click();
  await expect(page.getByRole('button', { name: `Max Paste ${stamp}`, exact: true })).toHaveCount(0);
  await page.getByRole('status').getByRole('button', { name: 'Undo' }).last().click();
  await expect(page.getByRole('button', { name: `Max Paste ${stamp}`, exact: true })).toBeVisible();

  // A filter that is kept asks the same again.
  await page.getByRole('button', { name: 'Saved filters' }).click();
  await page.getByLabel('Save this filter as').fill(`Pasted ${stamp}`);
  await page.getByRole('button', { name: 'Save filter' }).click();
  await page.goto(`${demo.url}/contacts`);
  await page.getByRole('button', { name: 'Saved filters' }).click();
  await accessible(page, 'filters that are kept');
  await page.getByRole('button', { name: `Pasted ${stamp}`, exact: true }).click();
  await expect(page).toHaveURL(new RegExp(`search=.*${stamp}`));
});

test('whom to contact next is told with a reason, and can be put off and back', async ({ page }) => {
  const stamp = Date.now();
  const who = `Nina Next ${stamp}`;
  await asMember(page, member('business'));
  await page.goto(`${demo.url}/contacts`);
  await newContact(page, { full_name: who, warmness: 10 });
  await page.goto(`${demo.url}/next`);
  const item = page.getByRole('listitem').filter({ hasText: who });
  await expect(item.getByText('Hot (10 of 10), never contacted')).toBeVisible();
  await accessible(page, 'whom to contact next');
  await item.getByRole('button', { name: `Put off ${who}` }).click();
  await page.getByRole('menuitem', { name: 'In a week' }).click();
  await expect(item).toHaveCount(0);
  await page.getByRole('status').getByRole('button', { name: 'Undo' }).click();
  await expect(item).toBeVisible();
  await page.goto(`${demo.url}/activities`);
  await expect(page.getByRole('complementary', { name: 'Contact next' }).getByText(who)).toBeVisible();
  await page.setViewportSize({ width: 390, height: 844 });
  await page.goto(demo.url);
  await expect(page.getByRole('heading', { level: 1, name: 'Contact next' })).toBeVisible();
  await accessible(page, 'whom to contact next, on a phone');
  await fitsWidth(page, 'whom to contact next');
});
