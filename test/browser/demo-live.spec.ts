import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Page } from 'playwright-core';

import { until } from '../support/until.js';
import { expectAccessible } from './support/accessible.js';
import { startDemo, type Demo } from './support/demo.js';
import { takeScreenshots } from './support/screenshots.js';
import { browserStage } from './support/stage.js';

const stage = browserStage();
const patience = 20_000;

let demo: Demo;
let page: Page;

beforeEach(async () => {
  demo = await startDemo();
  ({ page } = await stage.open(demo.url));
  await until(
    async () => (await counter('A', 'map', 'reads')) > 4 && (await counter('B', 'cache', 'reads')) > 4,
    'the first reads',
    patience,
  );
});
afterEach(() => demo.close());

type Way = 'map' | 'cache';

/** A counter of a lane, as the page shows it. */
async function counter(instance: 'A' | 'B', way: Way, name: string): Promise<number> {
  const shown = page.locator(`[data-instance=${instance}] [data-way=${way}] [data-counter=${name}]`);
  if ((await shown.count()) === 0) return 0;
  return Number((await shown.innerText()).replaceAll(',', '').replace(/ .*/, ''));
}

async function both(way: Way, name: string): Promise<number> {
  return (await counter('A', way, name)) + (await counter('B', way, name));
}

/** What the verdict says about a way to read. */
function verdict(way: Way): Promise<string> {
  return page.locator(`#lesson [data-way=${way}]`).innerText();
}

function press(name: string): Promise<void> {
  return page.locator('#guide').getByRole('button', { name, exact: true }).click();
}

async function shows(text: string | RegExp): Promise<void> {
  await page.getByText(text).first().waitFor({ timeout: patience });
}

async function over(): Promise<void> {
  await page.locator('#lesson .running').waitFor({ state: 'detached', timeout: patience });
}

/** The card that is suggested next. */
function suggested(): Promise<string> {
  return page.locator('.suggested').innerText({ timeout: patience });
}

describe('the page at / in a browser', () => {
  it('tells a visitor what to try first, and shows both instances', async () => {
    expect(await suggested()).toMatch(/^100 callers at once\n[^]*\nTry this first$/);
    expect(await page.locator('#facts').innerText()).toMatch(
      /Database: fine\s*Redis: runs\s*Price .*€ 39\.00/,
    );
    expect(await page.locator('.instance').count()).toBe(2);
    await takeScreenshots(page, 'demo-1-start');
  });

  it('100 callers at once: the Map asks 200 times, the cache once, and the page says so', async () => {
    const before = { map: await both('map', 'queries'), cache: await both('cache', 'queries') };
    await press('100 callers at once');
    await shows(/^The Map asked the database 2\d\d times\.$/);
    await over();

    await until(async () => (await both('map', 'queries')) >= before.map + 200, 'the counters', patience);
    // One, or two where an entry's own ttl ended at the same moment.
    expect((await both('cache', 'queries')) - before.cache).toBeLessThanOrEqual(2);
    expect(await verdict('cache')).toMatch(/The cache asked the database (?:once|2 times)\./);
    expect(await suggested()).toMatch(/^Database fails\n[^]*\nTry this next$/);
    await takeScreenshots(page, 'demo-2-callers');
  });

  it('database fails: shoppers of the Map get errors, those of the cache the last good price', async () => {
    await press('Database fails');
    await until(async () => (await both('map', 'errors')) > 8, 'errors of the Map', patience);
    await until(
      async () => (await suggested()).includes('Repair it now'),
      'the suggestion to repair',
      patience,
    );

    expect(await both('cache', 'errors')).toBe(0);
    expect(await verdict('cache')).toMatch(/no error\. It served the last good price \d+ times/);
    expect(await page.locator('[data-way=map] .price').first().innerText()).toBe('No price');
    await takeScreenshots(page, 'demo-3-database-fails');

    await press('Repair the database');
    await over();
    expect(await verdict('map')).toMatch(/gave shoppers \d+ errors/);
    await shows('The database is fine again');
  });

  it('database slow: shoppers of the Map wait 3 seconds, those of the cache less than one', async () => {
    await press('Database slow');
    await until(async () => /3\.\d s/.test(await verdict('map')), 'a wait of 3 seconds', patience);

    expect(await verdict('cache')).toMatch(/wait up to \d+ ms/);
    await takeScreenshots(page, 'demo-4-database-slow');
    await press('Speed it up again');
    await over();
  });

  it('Redis stops and starts: no shopper gets an error', async () => {
    const before = await both('cache', 'reads');
    await press('Redis stops');
    await page.locator('#facts').getByText('stopped').waitFor({ timeout: patience });
    await until(async () => (await both('cache', 'reads')) > before + 40, 'reads without Redis', patience);
    expect(await both('cache', 'errors')).toBe(0);
    await takeScreenshots(page, 'demo-5-redis-stopped');

    await press('Start Redis');
    await over();
    await page.locator('#facts').getByText('runs').waitFor({ timeout: patience });
    await shows(/Instance [AB]: .*available again/);
    expect(await both('cache', 'errors')).toBe(0);
  });

  it('a price changed on B: A shows the old one from the Map, and not from the cache', async () => {
    await press('Change a price on the other instance');
    await until(async () => (await counter('A', 'map', 'old')) > 4, 'old prices of the Map', patience);
    await takeScreenshots(page, 'demo-6-price');
    await over();

    expect(await page.locator('[data-instance=A] [data-way=cache] .price').innerText()).toBe('€ 40.00');
    expect(await both('cache', 'old')).toBeLessThanOrEqual(1);
    expect(await verdict('map')).toMatch(/showed the old price \d+ times/);
    await until(
      async () => (await page.locator('[data-instance=A] [data-way=map] .price').innerText()) === '€ 40.00',
      'the end of the ttl of the Map',
      patience,
    );
  });

  it('the buttons under "What happened" lead through all five, and Start over begins again', async () => {
    const next = page.locator('#next').getByRole('button');
    for (const name of [
      '100 callers at once',
      'Database fails',
      'Repair the database',
      'Database slow',
      'Speed it up again',
      'Redis stops',
      'Start Redis',
      'Change a price on the other instance',
    ]) {
      await page.locator('#next').getByRole('button', { name }).click({ timeout: patience });
      await next.getByText(name).waitFor({ state: 'detached', timeout: patience });
    }
    await shows(/That was all of it/);
    await page.getByRole('button', { name: 'Start over' }).click();
    await shows(/Nothing yet/);
    expect(await suggested()).toMatch(/Try this first/);
    expect(await both('map', 'errors')).toBe(0);
  });

  it('works by keyboard, and tells a screen reader the result', async () => {
    const button = page.locator('#guide').getByRole('button', { name: '100 callers at once' });
    await button.focus();
    await page.keyboard.press('Enter');
    await until(
      async () => ((await page.getByRole('status').textContent()) ?? '').includes('asked the database'),
      'the news',
      patience,
    );
    expect(await page.evaluate<string>('document.activeElement.textContent')).toBe('100 callers at once');
    await page.keyboard.press('Tab');
    expect(await page.evaluate<string>('document.activeElement.textContent')).toBe('Database fails');
    await expectAccessible(page);
  });
});

describe('the dashboard of the demo', () => {
  it('opens from the page, and shows both instances', async () => {
    // Another tab: shoppers only come while the page is open.
    const opening = page.waitForEvent('popup');
    await page.getByRole('link', { name: 'Dashboard' }).click();
    const dashboard = await opening;
    for (const cache of ['live-A', 'live-B'])
      await dashboard.getByText(cache).first().waitFor({ timeout: patience });
    await takeScreenshots(dashboard, 'demo-8-dashboard');
  });
});

describe('the page at / without a Redis on the PATH', () => {
  it('says that it runs in memory', async () => {
    await page.close();
    await demo.close();
    const path = process.env['PATH'];
    process.env['PATH'] = '/nowhere';
    try {
      demo = await startDemo();
      ({ page } = await stage.open(demo.url));
      await shows(/this\s+demo\s+runs\s+in\s+memory/);
    } finally {
      process.env['PATH'] = path;
    }
    expect(await page.getByRole('button', { name: 'Redis stops' }).isDisabled()).toBe(true);
    await press('Change a price on the other instance');
    await until(async () => (await counter('A', 'cache', 'old')) > 4, 'old prices of the cache', patience);
    await shows(/An invalidation travels through Redis\. Without Redis/);
    await takeScreenshots(page, 'demo-7-in-memory');
  });
});
