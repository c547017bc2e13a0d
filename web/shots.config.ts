// `npm run shots`: a picture of every page of the real product. `npm run shots -- -g billing` takes some.
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { defineConfig, devices } from '@playwright/test';
import tests from './playwright.config';

process.env.TANDEM_BIN ??= ['release', 'debug']
  .map((profile) => resolve(`../target/${profile}/tandem`))
  .find((binary) => existsSync(binary));
if (!process.env.TANDEM_BIN) throw new Error('build the binary first (make build), or name it in TANDEM_BIN');

const phone = { ...devices['Pixel 7'], viewport: { width: 390, height: 844 }, deviceScaleFactor: 2 };
const desktop = { ...devices['Desktop Chrome'], viewport: { width: 1440, height: 900 } };
const { launchOptions } = tests.use ?? {};

export default defineConfig({
  testDir: 'shots',
  globalSetup: './shots/begin.ts',
  workers: 1,
  fullyParallel: false,
  timeout: 60_000,
  reporter: [['list']],
  outputDir: 'test-results/shots-run',
  use: { contextOptions: { reducedMotion: 'reduce' } },
  projects: [
    { name: '1440', use: { ...desktop, launchOptions } },
    { name: '390', use: { ...phone, launchOptions } },
  ],
});
