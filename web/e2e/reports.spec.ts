import { expect, test } from '@playwright/test';
import { accessible, asMember, demo, fitsWidth, member } from './demo';

test('reports say what happened, as charts, as tables and as files, and the address keeps the filters', async ({
  page,
}) => {
  await asMember(page, member('teams'));
  await page.goto(`${demo.url}/reports?period=12m`);
  const meetings = page.getByRole('region', { name: 'Meetings requested and booked', exact: true });
  await expect(meetings.getByText(/\d+ of \d+ meetings asked for are booked/)).toBeVisible();
  await expect(meetings.getByRole('img', { name: /Meetings over time/ })).toBeVisible();
  await expect(page.getByRole('region', { name: 'Warmness', exact: true })).toContainText('Known since');
  await meetings.getByRole('button', { name: 'Show as table' }).press('Enter');
  await expect(meetings.getByRole('columnheader', { name: 'Booked' })).toBeVisible();
  await accessible(page, 'reports with a table');

  await page.getByRole('button', { name: 'Member', exact: true }).click();
  await page.getByRole('menuitem', { name: 'Amara Diallo' }).click();
  await expect(page).toHaveURL(/period=12m&member=/);
  const team = page.getByRole('region', { name: 'Team', exact: true });
  await expect(team.getByText(/Amara Diallo did most/)).toBeVisible();
  const loading = page.waitForEvent('download');
  await team.getByRole('link', { name: 'Download Team as CSV' }).click();
  expect((await loading).suggestedFilename()).toMatch(/^tandem-members-.*\.csv$/);

  await page.getByRole('button', { name: 'Period: Last 12 months' }).click();
  await page.getByRole('menuitem', { name: 'Other days' }).click();
  await page.getByLabel('First day').fill('2020-01-01');
  await page.getByLabel('Last day').fill('2020-01-31');
  await expect(page).toHaveURL(/from=2020-01-01&to=2020-01-31/);
  await expect(meetings.getByText('No meeting was asked for in these days.')).toBeVisible();
  await expect(page.getByText('Nothing is known of these days.')).toBeVisible();
  await page.setViewportSize({ width: 320, height: 800 });
  await fitsWidth(page, 'reports at 320 px');

  // What is due is done or put off where the day begins.
  await page.setViewportSize({ width: 1440, height: 900 });
  await page.goto(`${demo.url}/next`);
  const due = page.getByRole('region', { name: 'Due' });
  await accessible(page, 'what is due');
  const steps = due.getByRole('listitem');
  const n = await steps.count();
  const told = page.getByRole('navigation', { name: 'Main' }).getByTitle(/^\d+ next steps? due$/);
  await expect(told).toHaveText(new RegExp(`^${n}`));
  await due
    .getByRole('button', { name: /^Put off: / })
    .first()
    .click();
  await page.getByRole('menuitem', { name: 'In a week' }).click();
  await expect(steps).toHaveCount(n - 1);
  await expect(told).toHaveCount(n > 1 ? 1 : 0);
  await page.getByRole('status').getByRole('button', { name: 'Undo' }).click();
  await expect(told).toHaveText(new RegExp(`^${n}`));
  await due
    .getByRole('button', { name: /^Done: / })
    .first()
    .click();
  await expect(page.getByRole('status').filter({ hasText: 'is done' })).toBeVisible();
  await page.getByRole('status').filter({ hasText: 'is done' }).getByRole('button', { name: 'Undo' }).click();
  await expect(due).toBeVisible();
});
