// What has happened before the pictures are taken: a CRM that is connected and imported, leads that arrived,
// were refused, or wait, a file with bad rows, and an invitation.
import { expect, type Page } from '@playwright/test';
import { breakCrm, newContact, repairCrm, sharedAddress } from '../e2e/crm';
import { asMember, consent, demo, member, providerName, slug } from '../e2e/demo';

const api = (page: Page, method: string, path: string, data?: unknown) =>
  page.request.fetch(`${demo.url}/api${path}`, {
    method,
    data,
    headers: { 'X-Tandem-CSRF': '1', Origin: demo.url },
  });

async function over(page: Page, run: string) {
  const state = async () => (await (await api(page, 'GET', `/sync-logs/${run}`)).json()).state;
  await expect.poll(state, { timeout: 120_000 }).toBe('completed');
}

async function warm(page: Page, full_name: string, email: string | undefined) {
  const id = await newContact(page, {
    full_name,
    emails: [{ value: email, primary: true }],
    organization_name: 'Hafen & Söhne',
  });
  await api(page, 'PATCH', `/contacts/${id}`, { warmness: 7 });
  return id;
}

export async function stage(page: Page) {
  await asMember(page, member('teams'));
  const name = await providerName(page);
  await page.goto(`${demo.url}/integrations`);
  await consent(page, name, 'Allow');
  await expect(page.getByText(`${name} is connected`)).toBeVisible();
  // Before the import takes in those whom she is mistaken for.
  await warm(page, 'Doris Doppel', (await sharedAddress(page))?.email);
  const started = await api(page, 'POST', `/integrations/${slug}/sync`, { mode: 'full' });
  await over(page, (await started.json()).run_id);

  await warm(page, 'Olga Ostwald', 'olga.ostwald@example.com');
  await warm(page, 'Rita Reuter', 'rita@refused.example');
  await expect
    .poll(async () => (await (await api(page, 'GET', '/deliveries?state=delivered')).json()).items.length, {
      timeout: 30_000,
    })
    .toBeGreaterThan(0);
  await breakCrm(page);
  await warm(page, 'Wanda Warte', 'wanda.warte@example.com');
  await expect
    .poll(async () => (await (await api(page, 'GET', '/deliveries?state=retrying')).json()).items.length, {
      timeout: 30_000,
    })
    .toBeGreaterThan(0);
  await repairCrm(page);

  const rows = ['Name;E-mail;Company', 'Ida Ideal;ida@example.com;Ideal AG', 'Falk Falsch;falk at example;X'];
  const brought = await page.request.post(`${demo.url}/api/imports/csv`, {
    data: Buffer.from(rows.join('\r\n')),
    headers: { 'X-Tandem-CSRF': '1', Origin: demo.url, 'Content-Type': 'text/csv' },
  });
  const { id, charset, delimiter, header, columns } = await brought.json();
  const run = await api(page, 'POST', `/imports/csv/${id}/start`, { charset, delimiter, header, columns });
  await over(page, (await run.json()).run_id);
  await api(page, 'POST', '/team/invitations', { email: 'nora@example.com', role: 'consultant' });
}
