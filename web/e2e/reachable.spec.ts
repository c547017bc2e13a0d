import { expect, test } from '@playwright/test';
import { accessible, asMember, demo, fitsWidth, member, slug } from './demo';

const IN_FRONT = [
  '/signin',
  '/signup',
  '/forgot',
  '/confirm#token=x',
  '/reset#token=x',
  '/join#token=x',
  '/install',
  '/dev/mailbox',
  '/nowhere',
];
const INSIDE = [
  '/contacts',
  '/contacts?add=one',
  '/contacts?search=zzzz',
  '/contacts?upgrade=business',
  `/contacts/${slug}`,
  '/contacts/from-file',
  '/contacts/nobody-knows-it',
  '/next',
  '/activities',
  '/campaigns',
  '/campaigns?add=one',
  '/campaigns/00000000-0000-4000-8000-000000000000',
  '/activities?kind=REFERRAL&show=todo',
  '/contacts/person/00000000-0000-4000-8000-000000000000',
  '/reports',
  '/integrations',
  '/sync-logs',
  '/sync-logs/deliveries',
  '/sync-logs/deliveries?state=dead&cause=plan',
  '/sync-logs/deliveries/00000000-0000-4000-8000-000000000000',
  '/sync-logs/00000000-0000-4000-8000-000000000000',
  '/team',
  '/billing',
  '/settings',
  '/settings/security',
  '/settings/audit',
];

const SCHEMES = ['light', 'dark'] as const;

test('every page in both themes: no violation, no sideways scroll at 320 px, no refused style or script', async ({
  page,
}) => {
  test.setTimeout(300_000);
  const refused: string[] = [];
  page.on('console', (m) => /Content Security Policy/i.test(m.text()) && refused.push(m.text()));
  page.on('pageerror', (e) => refused.push(e.message));
  const size = page.viewportSize() ?? { width: 1440, height: 900 };
  const look = async (path: string) => {
    await page.goto(demo.url + path);
    await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
    await expect(page.getByRole('status', { name: 'Loading' })).toHaveCount(0);
    // The page follows the system's theme while it is open: one visit is enough for both.
    for (const scheme of SCHEMES) {
      await page.emulateMedia({ colorScheme: scheme, reducedMotion: 'reduce' });
      await expect(page.locator('html')).toHaveAttribute('data-mantine-color-scheme', scheme);
      await accessible(page, `${path}, ${scheme}`);
    }
    await page.setViewportSize({ width: 320, height: size.height });
    await fitsWidth(page, `${path} at 320 px`);
    await page.setViewportSize(size);
  };
  for (const path of IN_FRONT) await look(path);
  await asMember(page, member('business'));
  for (const path of INSIDE) await look(path);
  const first = async (path: string) => {
    const { items } = (await (await page.request.get(`${demo.url}/api/${path}`)).json()) as {
      items: { id: string }[];
    };
    return items[0]?.id;
  };
  const person = await first('contacts?limit=1&sort=-warmness');
  if (person) await look(`/contacts/person/${person}`);
  const campaign = await first('campaigns');
  if (campaign) await look(`/campaigns/${campaign}`);
  const delivery = await first('deliveries?limit=1');
  if (delivery) await look(`/sync-logs/deliveries/${delivery}`);
  const run = await first('sync-logs?limit=1');
  if (run) await look(`/sync-logs/${run}`);
  expect(refused).toEqual([]);
});
