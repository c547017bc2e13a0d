import { defineConfig, devices } from '@playwright/test';

// The system's Chromium; nothing is downloaded.
const launchOptions = {
  executablePath: process.env.CHROMIUM_PATH ?? '/usr/bin/chromium',
  args: [
    '--no-sandbox',
    '--disable-gpu',
    '--disable-quic',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
  ],
};

export default defineConfig({
  testDir: 'e2e',
  globalSetup: './e2e/start.ts',
  // One server with one memory: the specs run one after the other, in the order of their names.
  workers: 1,
  fullyParallel: false,
  // As the Rust tests: once more on a busy machine, shown as flaky, and then with a trace: it costs a third.
  retries: 1,
  timeout: 60_000,
  expect: { timeout: 10_000 },
  reporter: [['list']],
  use: { launchOptions, trace: 'on-first-retry', contextOptions: { reducedMotion: 'reduce' } },
  projects: [
    {
      name: 'desktop',
      testIgnore: /phone/,
      use: { ...devices['Desktop Chrome'], viewport: { width: 1440, height: 900 }, launchOptions },
    },
    {
      name: 'phone',
      testMatch: /(phone|reachable|stage)\.spec/,
      use: { ...devices['Pixel 7'], launchOptions },
    },
  ],
});
