import AxeBuilder from '@axe-core/playwright';
import { type BrowserContext, expect, type Page } from '@playwright/test';

type Member = { email: string; password: string; role: string; company: string; plan: string };
export type Demo = {
  url: string;
  /** The first provider of the registry. */
  provider: string;
  sandboxes: Record<string, string>;
  stripe?: string | null;
  members: Member[];
};

export const demo: Demo = JSON.parse(
  process.env.TANDEM_DEMO ?? '{"url":"","provider":"","sandboxes":{},"members":[]}',
);
/** The provider that these tests connect; no name of a CRM is known to them. */
export const slug = demo.provider;

export function member(plan: string, role = 'owner'): Member {
  const found = demo.members.find((m) => m.plan === plan && m.role === role);
  if (!found) throw new Error(`the demo has no ${role} on ${plan}`);
  return found;
}

export async function signIn(page: Page, who: Member) {
  await page.goto(`${demo.url}/signin`);
  await page.getByLabel('Email').fill(who.email);
  await page.getByLabel('Password', { exact: true }).fill(who.password);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await expect(page.getByRole('heading', { level: 1, name: /^Contact(s| next)$/ })).toBeVisible();
}

// One session per member and worker: signing in is throttled, and it is not what most tests are about.
const cookies = new Map<string, Awaited<ReturnType<BrowserContext['cookies']>>>();

export async function asMember(page: Page, who: Member) {
  const known = cookies.get(who.email);
  if (known) return page.context().addCookies(known);
  await signIn(page, who);
  cookies.set(who.email, await page.context().cookies());
}

export async function providerName(page: Page): Promise<string> {
  const answer = await page.request.get(`${demo.url}/api/integrations/status`);
  const { providers } = (await answer.json()) as { providers: { provider: string; name: string }[] };
  return providers.find((p) => p.provider === slug)?.name ?? slug;
}

/** No violation of WCAG 2.2 A and AA, nor of the best practices axe knows. */
export async function accessible(page: Page, where: string) {
  await page.waitForTimeout(300); // menus and dialogs fade in
  const look = async () =>
    await new AxeBuilder({ page })
      .withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'])
      .analyze();
  let { violations } = await look();
  if (violations.length > 0) {
    // Seen once: a busy machine in the middle of changing the colours. What is wrong stays wrong.
    await page.waitForTimeout(1_000);
    ({ violations } = await look());
  }
  const told = violations.map(
    (v) =>
      `${v.id} (${v.impact}): ${v.nodes
        .slice(0, 3)
        .map((n) => `${n.target} ${n.any[0]?.message ?? ''}`)
        .join(' | ')}`,
  );
  expect(told, where).toEqual([]);
}

/** The layout follows a new width a moment later; it has to come to rest inside it. */
export async function fitsWidth(page: Page, where: string) {
  const over = () =>
    page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  await expect.poll(over, { message: `${where} scrolls sideways`, timeout: 3_000 }).toBeLessThanOrEqual(0);
}

/** Goes through the consent page of the sandbox, which lives on an origin of its own. */
export async function consent(page: Page, name: string, answer: 'Allow' | 'Deny') {
  // A company that was connected before is offered to reconnect.
  await page.getByRole('button', { name: new RegExp(`^(Connect|Reconnect) ${name}$`) }).click();
  const dialog = page.getByRole('dialog');
  await expect(dialog.getByText(`Tandem will ask ${name} for`)).toBeVisible();
  await expect(dialog.getByText('Tandem never touches')).toBeVisible();
  await accessible(page, 'what will be asked for');
  await dialog.getByRole('link', { name: `Continue to ${name}` }).click();
  await expect(page.getByLabel('Company')).toBeVisible();
  expect(new URL(page.url()).origin).toBe(new URL(demo.sandboxes[slug] ?? '').origin);
  await page.getByRole('button', { name: answer }).click();
}

const number = async (page: Page, id: string) =>
  Number((await page.getByTestId(id).innerText()).replaceAll(/\D/g, ''));

/** Adds the seven counts of a run page up, as a reader would. */
export async function reconciled(page: Page) {
  await expect(page.getByText('Adds up', { exact: true })).toBeVisible();
  const counts = {
    created: await number(page, 'count-created'),
    updated: await number(page, 'count-updated'),
    linked: await number(page, 'count-linked'),
    unchanged: await number(page, 'count-unchanged'),
    skipped: await number(page, 'count-skipped'),
    conflict: await number(page, 'count-conflict'),
    quarantined: await number(page, 'count-quarantined'),
  };
  const seen = await number(page, 'seen');
  expect(Object.values(counts).reduce((sum, n) => sum + n, 0)).toBe(seen);
  return { seen, ...counts };
}
