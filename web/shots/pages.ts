// Every page, and what a visitor can open on it.
import type { Page } from '@playwright/test';
import { demo, member, slug } from '../e2e/demo';

type Member = ReturnType<typeof member>;
export type Shot = {
  who: Member | null;
  path: string | ((page: Page) => Promise<string>);
  act?: (page: Page) => Promise<unknown>;
};

const full = () => member('teams');
const fresh = () => member('business');

const get = async (page: Page, path: string) => (await page.request.get(`${demo.url}/api${path}`)).json();
const wide = (page: Page) => (page.viewportSize()?.width ?? 0) > 500;
const press = (name: string | RegExp) => (page: Page) => page.getByRole('button', { name }).first().click();
const named = (search: string) => async (page: Page) =>
  `/contacts/person/${(await get(page, `/contacts?search=${encodeURIComponent(search)}`)).items[0].id}`;
const runOf = (mode: string) => async (page: Page) => {
  const { items } = await get(page, '/sync-logs');
  return `/sync-logs/${items.find((run: { mode: string; has_file: boolean }) => (mode === 'file' ? run.has_file : run.mode === mode)).id}`;
};
const deliveryOf = (query: string) => async (page: Page) =>
  `/sync-logs/deliveries/${(await get(page, `/deliveries?${query}`)).items[0].id}`;
const campaign = async (page: Page) => `/campaigns/${(await get(page, '/campaigns')).items[1].id}`;

/** The session as it is with an overdue payment; the rest of the page is real. */
async function overdue(page: Page) {
  await page.route('**/api/auth/session', async (route) => {
    const answer = await route.fetch();
    const grace_until = new Date(Date.now() + 9 * 86_400_000).toISOString();
    const json = { ...(await answer.json()), payment_due: { state: 'past_due', grace_until } };
    await route.fulfill({ response: answer, json });
  });
  await page.reload();
}

const door = (path: string): Shot => ({ who: null, path });
const on = (path: Shot['path'], act?: Shot['act']): Shot => ({ who: full(), path, act });
const empty = (path: string, act?: Shot['act']): Shot => ({ who: fresh(), path, act });

export const PAGES: Record<string, Shot> = {
  signin: door('/signin'),
  signup: door('/signup'),
  forgot: door('/forgot'),
  reset: door('/reset#token=x'),
  confirm: door('/confirm#token=x'),
  join: door('/join#token=x'),
  install: door('/install'),
  mailbox: door('/dev/mailbox'),
  missing: door('/nowhere'),

  contacts: on('/contacts'),
  'contacts-overdue': on('/contacts', overdue),
  'contacts-drawer': on('/contacts?search=rita', press(/^Rita Reuter/)),
  'contacts-menu': on('/contacts', press('Add contacts')),
  'contacts-add': on('/contacts?add=one'),
  'contacts-palette': on('/contacts', async (page) => {
    await page.keyboard.press('Control+k');
    await page.keyboard.type('no');
    await page.waitForTimeout(500);
  }),
  'contacts-notices': on('/contacts', async (page) => {
    await press(/^Raise warmness/)(page);
    await press(/^Notifications/)(page);
  }),
  'contacts-bulk': on('/contacts?search=a', async (page) => {
    if (wide(page)) {
      await page.getByRole('checkbox', { name: 'Select all on this list' }).check();
      await page.getByRole('button', { name: 'Tag', exact: true }).last().click();
    } else {
      await page.getByRole('button', { name: 'Select', exact: true }).click();
      const people = page.getByRole('region', { name: 'Contact list' }).getByRole('button');
      for (const at of [0, 2]) await people.nth(at).click();
    }
  }),
  'contacts-filters': on('/contacts?search=a', press('Saved filters')),
  'contacts-nomatch': on('/contacts?search=zzzzz'),
  'contacts-first': empty('/contacts'),
  'contacts-upgrade': { who: member('free'), path: `/contacts?upgrade=business&from=${slug}` },
  account: on('/contacts', press(/^Account of/)),
  keys: on('/contacts', (page) => page.keyboard.press('Shift+?')),

  import: on(`/contacts/${slug}`),
  'import-select': on(`/contacts/${slug}`, async (page) => {
    for (const at of [1, 2, 4])
      await page
        .getByRole('checkbox', { name: /^Select (?!all)/ })
        .nth(at)
        .check();
    const details = page.getByRole('button', { name: /^Details of/ }).nth(2);
    await details.click();
    await details.scrollIntoViewIfNeeded();
  }),
  'import-cost': on(`/contacts/${slug}`, async (page) => {
    await page.getByText('Everyone', { exact: true }).first().click();
    await page.getByTestId('cost').scrollIntoViewIfNeeded();
  }),
  'import-running': on(`/contacts/${slug}`, async (page) => {
    await page.getByText('Everyone', { exact: true }).first().click();
    await page.getByRole('button', { name: /^Import everyone/ }).click();
    await page.getByTestId('run-progress').or(page.getByTestId('run-result')).waitFor();
  }),
  'import-done': on(`/contacts/${slug}`, async (page) => {
    await page.getByText('Changes', { exact: true }).first().click();
    await page.getByRole('button', { name: 'Check for changes' }).click();
    await page.getByTestId('run-result').waitFor();
  }),
  'import-first': empty(`/contacts/${slug}`),
  'import-asks': empty(`/contacts/${slug}`, press(/^Connect /)),
  'import-noone': { who: member('business', 'consultant'), path: `/contacts/${slug}` },
  file: on('/contacts/from-file'),
  'file-columns': on('/contacts/from-file', async (page) => {
    await page.getByLabel('CSV file').setInputFiles({
      name: 'people.csv',
      mimeType: 'text/csv',
      buffer: Buffer.from(
        'Name;E-mail;City;Since\r\nAda Adam;ada@example.com;Köln;2019\r\nBo Berg;;Ulm;\r\n',
      ),
    });
    await page.getByText('What each column becomes').waitFor();
  }),
  'file-sending': on('/contacts/from-file', async (page) => {
    const wire = await page.context().newCDPSession(page);
    const slow = { offline: false, latency: 20, downloadThroughput: -1, uploadThroughput: 400_000 };
    await wire.send('Network.emulateNetworkConditions', slow);
    await page.getByLabel('CSV file').setInputFiles({
      name: 'people.csv',
      mimeType: 'text/csv',
      buffer: Buffer.from(`Name;E-mail\r\n${'Ada Adam;ada@example.com\r\n'.repeat(200_000)}`),
    });
    await page.waitForTimeout(3_000);
  }),

  person: on(named('Maren')),
  'person-sent': on(named('Olga Ostwald')),
  'person-failed': on(named('Rita Reuter')),
  'person-choose': on(named('Doris Doppel'), press(/^Choose who/)),
  'person-waiting': on(named('Wanda Warte')),
  'person-email': on(named('Rita Reuter'), async (page) => {
    await press(/^Edit e-mail/)(page);
    await page.getByRole('textbox', { name: 'E-mail' }).fill('not an address');
    await page.getByRole('button', { name: 'Save' }).click();
  }),
  'person-missing': on('/contacts/person/00000000-0000-4000-8000-000000000000'),
  'person-log': on(named('Maren'), press(/^Log( activity)?$/)),
  'person-book': on(named('Maren'), async (page) => {
    await press(/^Log( activity)?$/)(page);
    await page.getByText('Meeting', { exact: true }).click();
    await page.getByText('Book it, or another time').click();
  }),
  activities: on('/activities'),
  'activities-log': on('/activities', press(/^Log( activity)?$/)),
  'activities-nomatch': on('/activities?kind=REFERRAL&show=todo'),
  'activities-first': empty('/activities'),
  next: on('/next'),
  'next-nomatch': on('/next?owner=none'),
  'next-first': empty('/next'),
  campaigns: on('/campaigns'),
  'campaigns-add': on('/campaigns?add=one'),
  'campaigns-first': empty('/campaigns'),
  campaign: on(campaign),
  'campaign-table': on(campaign, press('Show as table')),
  'campaign-assign': on(campaign, async (page) => {
    await press('Add contacts')(page);
    await page.getByLabel('E-mail addresses').fill('nobody@example.com\nrubbish');
    await page.getByRole('dialog').getByRole('button', { name: 'Add contacts' }).click();
  }),
  'campaign-missing': on('/campaigns/00000000-0000-4000-8000-000000000000'),
  reports: on('/reports?period=12m'),
  'reports-low': on('/reports?period=12m', (page) =>
    page.getByRole('heading', { level: 2 }).last().scrollIntoViewIfNeeded(),
  ),
  'reports-table': on('/reports?period=12m', press('Show as table')),
  'reports-first': empty('/reports'),

  integrations: on('/integrations'),
  'integrations-disconnect': on('/integrations', press('Disconnect')),
  'integrations-denied': empty(`/integrations?integration=${slug}&status=error&reason=denied`),
  runs: on('/sync-logs'),
  'runs-first': empty('/sync-logs'),
  'runs-nomatch': on('/sync-logs?state=failed'),
  run: on(runOf('full')),
  'run-created': on(async (page) => `${await runOf('full')(page)}?outcome=created`),
  'run-file': on(runOf('file')),
  'run-file-fix': on(runOf('file'), press(/^Correct row/)),
  'run-missing': on('/sync-logs/00000000-0000-4000-8000-000000000000'),
  deliveries: on('/sync-logs/deliveries'),
  'deliveries-failed': on('/sync-logs/deliveries?state=failed&cause=refused'),
  'deliveries-nomatch': on('/sync-logs/deliveries?state=dead&cause=plan'),
  'deliveries-first': empty('/sync-logs/deliveries'),
  delivery: on(deliveryOf('cause=refused')),
  'delivery-sent': on(deliveryOf('state=delivered')),
  team: on('/team'),
  'team-invite': { who: fresh(), path: '/team', act: press('Invite') },
  'team-noone': { who: member('teams', 'consultant'), path: '/team' },
  billing: on('/billing'),
  'billing-free': { who: member('free'), path: `/billing?plan=business&from=${slug}` },
  'billing-noone': { who: member('teams', 'consultant'), path: '/billing' },
  settings: on('/settings'),
  security: on('/settings/security'),
  audit: on('/settings/audit'),
};
