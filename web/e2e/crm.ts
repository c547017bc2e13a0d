import { expect, type Page } from '@playwright/test';
import { demo, slug } from './demo';

type Outbound = {
  persons: {
    id: number;
    name: string;
    emails: string[];
    org_id: number | null;
    owner_id: number | null;
    label_ids: number[];
  }[];
  organizations: { id: number; name: string }[];
  activities: { id: number; subject: string; done: boolean; note?: string | null }[];
  options: { id: number; label: string }[];
};

/** The control plane of the sandbox: what the CRM really has, and how to break it. */
async function control(page: Page, method: string, path: string, data?: unknown) {
  const answer = await page.request.fetch(`${demo.sandboxes[slug]}/__sandbox${path}`, { method, data });
  expect(answer.ok(), `${method} ${path}`).toBe(true);
  return answer.json();
}

export const outbound = (page: Page): Promise<Outbound> => control(page, 'GET', '/truth/outbound');

type Known = { id: number; name: string; emails: string[] };

/** An address that at least two living people there share; nothing where the stand-in has none. */
export async function sharedAddress(page: Page): Promise<{ email: string; ids: number[] } | null> {
  const people: Known[] = await control(page, 'GET', '/truth/persons?after=0&limit=1000');
  const by = new Map<string, number[]>();
  for (const { id, emails } of people)
    for (const email of new Set(emails)) by.set(email, [...(by.get(email) ?? []), id]);
  const [found] = [...by].filter(([, ids]) => ids.length === 2);
  return found ? { email: found[0], ids: found[1] } : null;
}

/** Every request is answered with 503 until it is repaired. */
export const breakCrm = (page: Page) => control(page, 'POST', '/faults', { kind: 'status_5xx', times: null });
export const repairCrm = (page: Page) => control(page, 'DELETE', '/faults');

/** A contact of the signed-in member, made as the page makes one. */
export async function newContact(page: Page, contact: Record<string, unknown>): Promise<string> {
  const made = await page.evaluate(async (body) => {
    const answer = await fetch('/api/contacts', {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'X-Tandem-CSRF': '1' },
      body: JSON.stringify(body),
    });
    return answer.json();
  }, contact);
  expect(made.id, JSON.stringify(made)).toBeTruthy();
  return made.id;
}

export async function openPerson(page: Page, id: string, name: string) {
  await page.goto(`${demo.url}/contacts/person/${id}`);
  await expect(page.getByRole('heading', { level: 1, name })).toBeVisible();
}

/** Step by step, as a member does it; the last value is what is sent. */
export async function raiseTo(page: Page, name: string, warmness: number) {
  for (let now = 0; now < warmness; now++)
    await page.getByRole('button', { name: `Raise warmness of ${name}` }).click();
  await expect(page.getByRole('img', { name: new RegExp(`^Warmness ${warmness} of 10`) })).toBeVisible();
}
