import { mkdirSync } from 'node:fs';
import { expect, test } from '@playwright/test';
import { asMember, demo, fitsWidth } from '../e2e/demo';
import { PAGES } from './pages';

const OUT = process.env.OUT ?? 'test-results/shots';
mkdirSync(OUT, { recursive: true });

for (const [name, { who, path, act }] of Object.entries(PAGES))
  test(name, async ({ page }, { project }) => {
    const faults: string[] = [];
    page.on('console', (m) => m.type() === 'error' && !/40[0134]/.test(m.text()) && faults.push(m.text()));
    page.on('pageerror', (error) => faults.push(error.message));
    await page.emulateMedia({ colorScheme: 'light', reducedMotion: 'reduce' });
    if (who) await asMember(page, who);
    await page.goto(demo.url + (typeof path === 'string' ? path : await path(page)));
    await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
    await expect(page.getByRole('status', { name: 'Loading' })).toHaveCount(0);
    await page.waitForTimeout(400);
    await act?.(page);
    await page.waitForTimeout(400);
    await page.screenshot({ path: `${OUT}/${name}-${project.name}-light.png` });
    await page.emulateMedia({ colorScheme: 'dark', reducedMotion: 'reduce' });
    await expect(page.locator('html')).toHaveAttribute('data-mantine-color-scheme', 'dark');
    await page.screenshot({ path: `${OUT}/${name}-${project.name}-dark.png` });
    await page.setViewportSize({ width: 320, height: 800 });
    await fitsWidth(page, `${name} at 320 px`);
    expect(faults).toEqual([]);
  });
