import { expect, type Page, test } from '@playwright/test';
import { newContact, openPerson } from './crm';
import { accessible, asMember, demo, fitsWidth, member } from './demo';

type Provider = {
  provider: string;
  name: string;
  allowed: boolean;
  before: string[];
  own_login: { name: string; example: string } | null;
  connection: { state: string } | null;
};
type Offer = { stage: string; becomes: string };

test.skip(!process.env.TANDEM_BIN, 'the stand-in server has one CRM');

const get = async (page: Page, path: string) => (await page.request.get(`${demo.url}/api${path}`)).json();
const providers = async (page: Page): Promise<Provider[]> =>
  (await get(page, '/integrations/status')).providers;

async function post(page: Page, path: string) {
  const status = await page.evaluate(async (to) => {
    const answer = await fetch(to, { method: 'POST', headers: { 'X-Tandem-CSRF': '1' } });
    return answer.status;
  }, `/api${path}`);
  expect(status, path).toBeLessThan(300);
}

test('where an app must be installed first the dialog says so, and it takes a host of their own', async ({
  page,
}) => {
  await asMember(page, member('teams'));
  await page.goto(`${demo.url}/integrations`);
  const own = (await providers(page)).find((p) => p.own_login && p.before.length > 0);
  if (!own?.own_login) throw new Error('the demo has no CRM with hosts of their own');
  await page.getByRole('button', { name: `Connect ${own.name}` }).click();
  const dialog = page.getByRole('dialog', { name: `Connect ${own.name}` });
  const steps = dialog.getByRole('list').first().getByRole('listitem');
  await expect(steps).toHaveText(own.before);
  const host = dialog.getByLabel(new RegExp(`^${own.own_login.name}`));
  const away = dialog.getByRole('link', { name: `Continue to ${own.name}` });
  await host.fill('evil.example');
  await away.click();
  await expect(dialog.getByText(`Use an address such as ${own.own_login.example}.`)).toBeVisible();
  await accessible(page, 'a host that is none');
  await fitsWidth(page, 'the dialog before connecting');
  await host.fill(own.own_login.example);
  await expect(away).toHaveAttribute('href', new RegExp(`login=.*${own.own_login.example}$`));
  await page.keyboard.press('Escape');
  await expect(dialog).toBeHidden();
});

test('a stage says what it makes of somebody before it makes it', async ({ page }, { project }) => {
  // Two companies, so that each project meets another CRM that has not been connected yet.
  const phone = project.name === 'phone';
  await asMember(page, member(phone ? 'teams' : 'business'));
  await page.goto(`${demo.url}/integrations`);
  const free = (await providers(page)).filter((p) => p.allowed && !p.connection && !!p.own_login === phone);
  const lifes = await Promise.all(
    free.map(async (p) => (await get(page, `/integrations/${p.provider}/capabilities`)).lifecycle.stages),
  );
  const at = free.find((_, nth) => lifes[nth].some((s: Offer) => s.becomes === 'lead'));
  if (!at) throw new Error('no CRM with leads is free');
  await page.getByRole('button', { name: `Connect ${at.name}` }).click();
  await page.getByRole('link', { name: `Continue to ${at.name}` }).click();
  await page.getByRole('button', { name: /^(Allow|Accept)$/ }).click();
  await expect(page).toHaveURL(/status=connected/);

  const who = `Stella Stage ${Date.now()}`;
  const emails = [{ value: `${who.replaceAll(' ', '.')}@example.com`, primary: true }];
  const id = await newContact(page, { full_name: who, emails, organization_name: 'Stage Works' });
  await openPerson(page, id, who);
  const crm = page.getByRole('region', { name: 'In your CRM' }).getByRole('listitem');
  const row = crm.filter({ hasText: at.name }).first();
  await row.getByRole('button', { name: 'Create with a stage' }).click();
  const dialog = page.getByRole('dialog', { name: `Create ${who} in ${at.name}` });
  await dialog.getByLabel('Stage').selectOption('customer');
  await expect(dialog.getByText('Creates a contact, with its organization.')).toBeVisible();
  await dialog.getByLabel('Stage').selectOption('marketing_qualified');
  await expect(dialog.getByText('Creates a lead:')).toBeVisible();
  await accessible(page, 'the stage of somebody');
  await fitsWidth(page, 'the stage of somebody');
  await dialog.getByRole('button', { name: 'Create', exact: true }).click();
  await expect(dialog).toBeHidden();
  await expect(row.getByRole('link', { name: 'Open the record' })).toBeVisible();
  const { kind } = await get(page, `/integrations/${at.provider}/actions/get-contact?contact_id=${id}`);
  expect(kind).toBe('lead');
  await post(page, `/integrations/${at.provider}/disconnect`);
});
