import { afterAll, afterEach, beforeAll, expect, jest } from '@jest/globals';
import {
  chromium,
  type Browser,
  type BrowserContext,
  type BrowserContextOptions,
  type Page,
} from 'playwright-core';

import { watchFaults, type Faults } from './faults.js';

/** Milliseconds for a test: pictures and checks of a long page take a while on a busy machine. */
const testTimeout = 120_000;

const flags = ['--disable-gpu', '--disable-background-networking', '--disable-sync', '--no-first-run'];

/** A page under test, and its faults. */
export interface Opened {
  readonly page: Page;
  readonly faults: Faults;
}

export interface Stage {
  /**
   * Opens an address in a fresh profile: without cookies, storage or cache of another test. The test fails if the
   * page has a fault: see `watchFaults`.
   */
  open(url: string, options?: BrowserContextOptions): Promise<Opened>;
}

/**
 * Called at the top of a file: one headless Chromium for its tests, with a fresh user-data directory. It ends after the
 * last test, by its process id, or with this process.
 *
 * ```ts
 * const stage = browserStage();
 * it('…', async () => {
 *   const { page } = await stage.open(`${url}/`);
 *   await page.getByRole('button', { name: '…' }).click();
 *   await expectAccessible(page);
 * });
 * ```
 */
export function browserStage(): Stage {
  let browser: Browser | undefined;
  let contexts: BrowserContext[] = [];
  let opened: Opened[] = [];

  jest.setTimeout(testTimeout);

  beforeAll(async () => {
    browser = await chromium.launch({ executablePath: chromiumPath(), args: flags, headless: true });
  });

  afterEach(async () => {
    // Read the faults first: closing a page aborts its requests.
    const found = opened.flatMap(({ faults }) => faults.take());
    await Promise.all(contexts.map((context) => context.close()));
    contexts = [];
    opened = [];
    expect(found).toEqual([]);
  });

  afterAll(async () => {
    await browser?.close();
  });

  return {
    async open(url, options = {}) {
      if (browser === undefined) throw new Error('Call browserStage() at the top of the file');
      const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options });
      contexts.push(context);
      const page = await context.newPage();
      const faults = watchFaults(page, new URL(url).host);
      opened.push({ page, faults });
      await page.goto(url);
      return { page, faults };
    },
  };
}

function chromiumPath(): string {
  const path = process.env['TEST_CHROMIUM_PATH'];
  if (path === undefined || path === '') {
    throw new Error('No Chromium here: TEST_CHROMIUM_PATH is set for the project browser');
  }
  return path;
}
