import { chromium } from '@playwright/test';
import start from '../e2e/start';
import tests from '../playwright.config';

/** A demo of its own, in which enough has happened to look at. */
export default async function begin(): Promise<() => Promise<void>> {
  const stop = await start();
  try {
    // Read only now: it knows the demo from the environment.
    const { stage } = await import('./stage');
    const browser = await chromium.launch(tests.use?.launchOptions);
    const context = await browser.newContext(); // axe wants one that it can open pages in
    await stage(await context.newPage());
    await browser.close();
  } catch (error) {
    await stop();
    throw error;
  }
  return stop;
}
