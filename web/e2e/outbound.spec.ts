import { expect, type Page, test } from '@playwright/test';
import { breakCrm, newContact, openPerson, outbound, raiseTo, repairCrm, sharedAddress } from './crm';
import { accessible, asMember, consent, demo, member, providerName, slug } from './demo';

const stamp = Date.now();
let name = '';

const notice = (page: Page, text: string | RegExp) =>
  page.getByRole('status').or(page.getByRole('alert')).filter({ hasText: text });
const crm = (page: Page) =>
  page.getByRole('region', { name: 'In your CRM' }).getByRole('listitem').filter({ hasText: name }).first();

test.beforeEach(async ({ page }) => {
  await asMember(page, member('business'));
  await page.goto(`${demo.url}/contacts/${slug}`);
  name = await providerName(page);
  const connect = page.getByRole('button', { name: new RegExp(`^(Connect|Reconnect) ${name}$`) });
  await expect(connect.or(page.getByText('Connected', { exact: true }))).toBeVisible();
  if (await connect.isVisible()) {
    await consent(page, name, 'Allow');
    await expect(page.getByText(`${name} is connected`)).toBeVisible();
  }
});

test('a contact that turns warm stands in the CRM with organization, owner and label', async ({ page }) => {
  const who = `Olga Outbound ${stamp}`;
  const email = `olga.${stamp}@example.com`;
  const organization = `Outbound Works ${stamp}`;
  const id = await newContact(page, {
    full_name: who,
    emails: [{ value: email, primary: true }],
    organization_name: organization,
  });
  await openPerson(page, id, who);
  await expect(crm(page).getByText('Not there')).toBeVisible();
  await accessible(page, 'a cold contact');
  await raiseTo(page, who, 4);
  await expect(notice(page, `Created in ${name} as Warm Lead`)).toBeVisible({ timeout: 20_000 });
  await expect(crm(page).getByText(`Created in ${name} as Warm Lead`)).toBeVisible();
  await expect(crm(page).getByRole('link', { name: 'Open the record' })).toBeVisible();
  await accessible(page, 'a contact in the CRM');

  const there = await outbound(page);
  const persons = there.persons.filter((p) => p.emails.includes(email));
  expect(persons).toHaveLength(1);
  expect(persons[0]?.name).toBe(who);
  expect(there.organizations.find((o) => o.id === persons[0]?.org_id)?.name).toBe(organization);
  expect(persons[0]?.owner_id).toBeTruthy();
  // The label is the account's own where it has one of that name; without any the page would say so.
  expect(persons[0]?.label_ids).toHaveLength(1);
  await expect(crm(page)).not.toContainText('did not let us make the label');
});

test('an activity that is logged stands in the CRM, and what is undone does not', async ({ page }) => {
  const who = `Lars Logged ${stamp}`;
  const id = await newContact(page, {
    full_name: who,
    emails: [{ value: `lars.${stamp}@example.com`, primary: true }],
  });
  await openPerson(page, id, who);
  await raiseTo(page, who, 5);
  await expect(crm(page).getByText(`Created in ${name} as Warm Lead`)).toBeVisible({ timeout: 20_000 });

  await page.getByRole('heading', { level: 1 }).focus();
  await page.keyboard.press('l');
  const dialog = page.getByRole('dialog', { name: 'Log activity' });
  await expect(dialog.getByText(who)).toBeVisible();
  await accessible(page, 'the log form');
  await dialog.getByRole('button', { name: 'No answer' }).click();
  await dialog.getByLabel('Note').fill(`Rang twice ${stamp}.`);
  await dialog.getByRole('button', { name: 'Log call' }).click();
  await expect(notice(page, `Call with ${who} logged`)).toBeVisible();
  const entry = page.getByRole('region', { name: 'Today' }).getByRole('listitem').first();
  await expect(entry).toContainText('Call: no answer');
  await expect(entry.getByText(`In ${name}`)).toBeVisible({ timeout: 20_000 });
  const there = await outbound(page);
  const logged = there.activities.filter((a) => a.note?.includes(`Rang twice ${stamp}.`));
  expect(logged).toMatchObject([{ subject: 'Call: no answer', done: true }]);

  await entry.getByRole('button', { name: /^Actions for/ }).click();
  await page.getByRole('menuitem', { name: 'Delete' }).click();
  await expect(entry).toHaveCount(0);
  await notice(page, 'was deleted').getByRole('button', { name: 'Undo' }).click();
  await expect(entry).toContainText('Call: no answer');
});

test('a CRM that is away is waited for, and has it once it is back', async ({ page }) => {
  test.setTimeout(120_000);
  const who = `Wanda Waiting ${stamp}`;
  const email = `wanda.${stamp}@example.com`;
  const id = await newContact(page, { full_name: who, emails: [{ value: email, primary: true }] });
  await openPerson(page, id, who);
  await breakCrm(page);
  try {
    await raiseTo(page, who, 4);
    await expect(notice(page, `Waiting for ${name}`)).toBeVisible({ timeout: 20_000 });
    await expect(crm(page)).toContainText(`${name} does not answer; next try`);
    await page.goto(`${demo.url}/sync-logs/deliveries?state=retrying`);
    const line = page.getByRole('listitem').filter({ hasText: who });
    await expect(line).toContainText('does not answer');
    await accessible(page, 'deliveries that wait');
    await line.getByRole('link', { name: who }).click();
    await expect(page.getByText('Given up')).toBeVisible();
    await accessible(page, 'a delivery that waits');
  } finally {
    await repairCrm(page);
  }
  await openPerson(page, id, who);
  await expect(crm(page).getByText(`Created in ${name} as Warm Lead`)).toBeVisible({ timeout: 90_000 });
  expect((await outbound(page)).persons.filter((p) => p.emails.includes(email))).toHaveLength(1);
});

test('what the CRM refuses is edited and sent again', async ({ page }) => {
  const who = `Rita Refused ${stamp}`;
  const id = await newContact(page, {
    full_name: who,
    emails: [{ value: `rita.${stamp}@refused.example`, primary: true }],
  });
  await openPerson(page, id, who);
  await raiseTo(page, who, 4);
  const toast = notice(page, `${name} refused ${who}`);
  await expect(toast).toBeVisible({ timeout: 20_000 });
  await page.goto(`${demo.url}/sync-logs/deliveries?state=failed`);
  const line = page.getByRole('listitem').filter({ hasText: who });
  await expect(line).toContainText(`${name} refused it`);
  await accessible(page, 'deliveries that failed');
  await line.getByRole('link', { name: `Edit ${who}` }).click();
  const field = page.getByRole('textbox', { name: 'E-mail' });
  await expect(field).toBeFocused();
  await accessible(page, 'a refused address in its field');
  await field.fill(`rita.${stamp}@example.com`);
  await page.keyboard.press('Enter');
  await expect(page.getByRole('link', { name: `rita.${stamp}@example.com` })).toBeVisible();
  await crm(page).getByRole('button', { name: 'Try again' }).click();
  await expect(crm(page).getByText(`Created in ${name} as Warm Lead`)).toBeVisible({ timeout: 20_000 });
  const there = await outbound(page);
  expect(there.persons.filter((p) => p.name === who)).toMatchObject([
    { emails: [`rita.${stamp}@example.com`] },
  ]);
});

test('of two people with the address a member chooses, and nobody is made', async ({ page }) => {
  const shared = await sharedAddress(page);
  expect(shared, 'two people in the sandbox with one address').not.toBeNull();
  const who = `Doris Double ${stamp}`;
  const id = await newContact(page, {
    full_name: who,
    emails: [{ value: shared?.email, primary: true }],
  });
  await openPerson(page, id, who);
  await raiseTo(page, who, 4);
  await expect(notice(page, `Who is ${who} in ${name}?`)).toBeVisible({ timeout: 20_000 });
  await expect(crm(page)).toContainText(`Two people in ${name} have this address: choose who it is.`);
  await crm(page)
    .getByRole('button', { name: `Choose who ${who} is in ${name}` })
    .click();
  const dialog = page.getByRole('dialog', { name: `Who is ${who} in ${name}?` });
  await expect(dialog.getByRole('radio')).toHaveCount(3);
  await accessible(page, 'whom to choose');
  await dialog.getByRole('radio').nth(1).check();
  await dialog.getByRole('button', { name: 'This is the one' }).click();
  await expect(crm(page)).toContainText(`Found in ${name} and labelled Warm Lead`, { timeout: 20_000 });
  expect((await outbound(page)).persons.some((p) => p.name === who)).toBe(false);
});

test('the card of the connection tells what did not arrive, and a booked meeting makes a lead', async ({
  page,
}) => {
  const who = `Berta Booked ${stamp}`;
  const id = await newContact(page, {
    full_name: who,
    emails: [{ value: `berta.${stamp}@refused.example`, primary: true }],
  });
  await openPerson(page, id, who);
  await page.getByRole('button', { name: 'Log activity' }).click();
  const dialog = page.getByRole('dialog', { name: 'Log activity' });
  await dialog.getByText('Meeting', { exact: true }).click();
  await dialog.getByText('Book it, or another time').click();
  await dialog.getByRole('button', { name: 'Book meeting' }).click();
  await expect(notice(page, `Meeting with ${who} booked`)).toBeVisible();
  await expect(page.getByRole('region', { name: 'Upcoming' })).toContainText('Tomorrow');
  await expect(crm(page)).toContainText(`${name} refused it`, { timeout: 20_000 });
  await page.goto(`${demo.url}/integrations`);
  const card = page.getByRole('region', { name: `Deliveries to ${name}` });
  await card.getByRole('link', { name: /needs? you/ }).click();
  await expect(page).toHaveURL(new RegExp(`provider=${slug}`));
  await expect(
    page.getByRole('listitem').filter({ hasText: who }).filter({ hasText: 'Warm lead' }),
  ).toBeVisible();
});

test('lowering the threshold offers to send, and sends nothing by itself', async ({ page }) => {
  const who = `Mild Mia ${stamp}`;
  const email = `mia.${stamp}@example.com`;
  const id = await newContact(page, { full_name: who, emails: [{ value: email, primary: true }] });
  await openPerson(page, id, who);
  await raiseTo(page, who, 3);
  await expect(notice(page, `${who} is now 3`)).toBeVisible();
  await page.goto(`${demo.url}/settings`);
  const level = page.getByLabel('A contact is warm from');
  await level.selectOption('3');
  await expect(notice(page, 'Contacts are warm from 3 now')).toBeVisible();
  await accessible(page, 'settings');
  const send = page.getByRole('button', { name: new RegExp(`warm contacts? to ${name}`) });
  await expect(send).toBeVisible();
  expect((await outbound(page)).persons.some((p) => p.emails.includes(email))).toBe(false);
  await send.click();
  await expect(notice(page, new RegExp(`warm contacts? go(es)? to ${name}`))).toBeVisible();
  await expect
    .poll(async () => (await outbound(page)).persons.filter((p) => p.emails.includes(email)).length, {
      timeout: 30_000,
    })
    .toBe(1);
  await level.selectOption('4');
  await expect(notice(page, 'Contacts are warm from 4 now')).toBeVisible();
});
