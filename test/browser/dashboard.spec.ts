import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Cache } from 'nestjs-cache-infra';
import type { CacheDashboardOptions } from 'nestjs-cache-infra/dashboard';
import type { Page } from 'playwright-core';

import type { RedisServer } from '../../libs/cache-infra/src/testing/redis-server.js';
import { dashboardApps, type DashboardApp } from '../support/dashboard-app.js';
import { ownRedisServer } from '../support/redis.js';
import { root } from '../support/repository.js';
import { until } from '../support/until.js';
import type { Faults } from './support/faults.js';
import { takeScreenshots } from './support/screenshots.js';
import { CatalogueController, sendCustomers, shopCaches, type Customers } from './support/shop.js';
import { smallPicture } from './support/small-picture.js';
import { browserStage } from './support/stage.js';

let customers: Customers | undefined;
// Before the application closes: it waits for connections that are in use.
afterEach(async () => {
  await customers?.leave();
  customers = undefined;
});

const stage = browserStage();
const boot = dashboardApps();
const patience = 30_000;
const pictures = [
  ['dashboard.png', 'light'],
  ['dashboard-dark.png', 'dark'],
] as const;

let redis: RedisServer;
let running: DashboardApp;
let page: Page;
let faults: Faults;

beforeEach(async () => {
  redis = await ownRedisServer();
});
afterEach(() => redis[Symbol.asyncDispose]());

/** Opens the dashboard of a shop of its own, and waits until it is live. */
async function open(dashboard: CacheDashboardOptions = {}, hash = '#window=1m'): Promise<void> {
  running = await boot({
    adapter: 'Express',
    dashboard,
    cache: shopCaches(redis.url),
    more: { controllers: [CatalogueController] },
  });
  ({ page, faults } = await stage.open(`${address()}/cache/${hash}`));
  await page.waitForSelector('html[data-link="live"]', { timeout: patience });
}

function address(): string {
  return `http://127.0.0.1:${String(running.port)}`;
}

function verdict(text: RegExp, timeout = patience): Promise<void> {
  return page.locator('h1').filter({ hasText: text }).waitFor({ timeout });
}

/** Reads of the window, as the page shows them. */
async function shownReads(): Promise<number> {
  const text = await page.locator('.figure').last().locator('.figure-note').innerText();
  return Number(/^([\d,]+) reads?,/.exec(text)?.[1]?.replaceAll(',', '') ?? 0);
}

/** The outline of the reads that the L1 answered. */
async function curve(): Promise<string> {
  const area = page.locator('.area-l1').first();
  return (await area.count()) === 0 ? '' : ((await area.getAttribute('d')) ?? '');
}

/** Fills the form of invalidations, and asks for a preview. */
async function previewOf(kind: 'Key' | 'Pattern', text: string): Promise<void> {
  const form = page.locator('.act form.form');
  await form.getByText(kind, { exact: true }).first().click();
  await form.getByRole('textbox', { name: kind, exact: true }).fill(text);
  await form.getByRole('button', { name: 'Preview …' }).click();
}

/** The question of the dialog, once it is open: the closed dialog is in the page already. */
function question(): Promise<string> {
  return page.locator('dialog[open] h2').innerText({ timeout: patience });
}

function said(mood: 'good' | 'bad'): Promise<string> {
  return page.locator(`.said[data-mood=${mood}]`).innerText({ timeout: patience });
}

/** Sends an invalidation of a key by a script of the page; resolves to the status and the text of the answer. */
function invalidationByScript(key: string, headers: Record<string, string>): Promise<string> {
  const body = JSON.stringify({ kind: 'key', cache: 'default', key });
  const init = { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body };
  return page.evaluate<string>(
    `fetch('api/invalidate', ${JSON.stringify(init)}).then(async (it) => it.status + ' ' + (await it.text()))`,
  );
}

describe('the dashboard of an application in a browser', () => {
  it('moves its curves under load, in both themes and three widths', async () => {
    await open();
    expect(await shownReads()).toBe(0);
    expect(await curve()).toBe('');

    customers = sendCustomers(running.app, address());
    await until(async () => (await shownReads()) > 100, 'the first reads', patience);
    const before = { curve: await curve(), reads: await shownReads() };
    expect(before.curve).not.toBe('');
    await until(async () => (await shownReads()) > before.reads + 100, 'more reads', patience);
    expect(await curve()).not.toBe(before.curve);

    const seen = await shownReads();
    expect(seen).toBeLessThanOrEqual(customers.reads + customers.reads / 10);
    await takeScreenshots(page, 'dashboard');
  });

  it('says within 3 s that Redis is gone, and that it is back', async () => {
    await open();
    customers = sendCustomers(running.app, address());
    await verdict(/^Everything is healthy$/);
    await until(async () => (await shownReads()) > 500, 'reads', patience);

    await redis.stop();
    await verdict(/^Redis is away( since .+)?: the L1 answers/, 3000);
    expect(await page.title()).toMatch(/^⚠ /);
    await takeScreenshots(page, 'dashboard-redis-away');

    await redis.start();
    await verdict(/^Everything is healthy$/);
    expect(await page.title()).not.toMatch(/⚠/);
  });

  it('invalidates a key after a preview and a confirmation alone', async () => {
    await open({ readOnly: false });
    const cache = running.app.get(Cache);
    await cache.set('user:1', 'Ada');

    await previewOf('Key', 'user:1');
    expect(await question()).toBe('Invalidate this key?');
    await page.getByRole('button', { name: 'Cancel' }).click();
    expect(await cache.get('user:1')).toBe('Ada');

    await previewOf('Key', 'user:1');
    await page.getByRole('button', { name: 'Invalidate', exact: true }).click();
    expect(await said('good')).toBe('Invalidated: key user:1. 1 removed.');
    expect(await cache.has('user:1')).toBe(false);
  });

  it('invalidates the keys of a pattern, and says before how many they are', async () => {
    await open({ readOnly: false });
    const cache = running.app.get(Cache);
    await cache.setMany(['user:1', 'user:2', 'team:1'].map((key) => [key, key]));

    await previewOf('Pattern', 'user:*');
    expect(await question()).toBe('Invalidate 2 entries?');
    expect((await page.locator('dialog li').allInnerTexts()).sort()).toEqual(['user:1', 'user:2']);
    await takeScreenshots(page, 'dashboard-confirmation');
    await page.getByRole('button', { name: 'Invalidate', exact: true }).click();
    expect(await said('good')).toBe('Invalidated: pattern user:*. 2 removed.');
    expect(await cache.getMany(['user:1', 'user:2', 'team:1'])).toEqual(new Map([['team:1', 'team:1']]));
  });

  it('invalidates nothing when it is read-only', async () => {
    await open();
    const cache = running.app.get(Cache);
    await cache.set('user:1', 'Ada');
    expect(await page.getByRole('button', { name: 'Preview …' }).isVisible()).toBe(false);
    expect(await page.locator('.act').innerText()).toContain('readOnly: false');

    faults.allow(/403/);
    const answer = await invalidationByScript('user:1', { 'x-cache-dashboard-token': 'guessed' });
    expect(answer).toMatch(/^403 .*read-only/);
    expect(await cache.get('user:1')).toBe('Ada');
  });

  it('invalidates nothing without the token of its page', async () => {
    await open({ readOnly: false });
    const cache = running.app.get(Cache);
    await cache.set('user:1', 'Ada');
    faults.allow(/403/);

    expect(await invalidationByScript('user:1', {})).toMatch(/^403 .*x-cache-dashboard-token/);
    expect(await invalidationByScript('user:1', { 'x-cache-dashboard-token': 'guessed' })).toMatch(/^403 /);
    expect(await cache.get('user:1')).toBe('Ada');
  });

  it('invalidates nothing without the consent of the guard, and says so', async () => {
    let consents = true;
    await open({ readOnly: false, guard: () => consents });
    const cache = running.app.get(Cache);
    await cache.set('user:1', 'Ada');
    await previewOf('Key', 'user:1');
    await question();

    consents = false;
    faults.allow(/403/);
    await page.getByRole('button', { name: 'Invalidate', exact: true }).click();
    expect(await said('bad')).toBe('The guard of the dashboard refuses this request.');
    expect(await cache.get('user:1')).toBe('Ada');
  });
});

/** What the README shows: the verdict, the benefit and the curves. */
const topOfPage = { x: 0, y: 0, width: 1280, height: 1075 };

// The pictures of the documentation: a minute of the shop, with an outage of Redis in it.
if (process.env['WRITE_PICTURES'] === '1')
  describe('the pictures of the documentation', () => {
    it('are written to docs/images', async () => {
      await open({ readOnly: false });
      customers = sendCustomers(running.app, address());
      const visited = async (seconds: number) => {
        const end = performance.now() + seconds * 1000;
        await until(() => performance.now() > end, 'customers', seconds * 2000);
      };
      await visited(35);
      await redis.stop();
      await visited(4);
      await redis.start();
      await verdict(/^Everything is healthy$/);
      await visited(25);
      const taken: [string, Buffer][] = [];
      for (const [name, colorScheme] of pictures) {
        await page.emulateMedia({ colorScheme });
        taken.push([name, await page.screenshot({ fullPage: true, animations: 'disabled' })]);
      }
      await page.emulateMedia({ colorScheme: 'light' });
      taken.push(['dashboard-top.png', await page.screenshot({ clip: topOfPage, animations: 'disabled' })]);
      // Making the pictures small holds the server up, and the page connects anew.
      faults.allow(/^failed: GET \S+api\/events/);
      const folder = join(root, 'docs', 'images');
      await mkdir(folder, { recursive: true });
      for (const [name, png] of taken) {
        const picture = smallPicture(png);
        expect(picture.length).toBeLessThan(200_000);
        await writeFile(join(folder, name), picture);
      }
    });
  });
