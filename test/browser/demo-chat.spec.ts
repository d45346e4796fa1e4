import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Page } from 'playwright-core';

import { until } from '../support/until.js';
import { startDemo, type Demo } from './support/demo.js';
import { takeScreenshots } from './support/screenshots.js';
import { browserStage } from './support/stage.js';

const stage = browserStage();
const patience = 30_000;

let demo: Demo;
let page: Page;

beforeEach(async () => {
  demo = await startDemo({ CHAT_TOKEN_MS: '5' });
  ({ page } = await stage.open(`${demo.url}/chat`));
  await page.locator('#model option').first().waitFor({ state: 'attached', timeout: patience });
});
afterEach(() => demo.close());

/** A figure under "Saved since the demo started". */
function total(name: string): Promise<string> {
  return page.locator(`#totals div:has(dt:text-is("${name}")) dd`).innerText();
}

/** The badges of the newest card, once all its answers have ended. */
async function ended(): Promise<string[]> {
  await page.locator('#cards .card').first().locator('details').waitFor({ timeout: patience });
  return page.locator('#cards .card').first().locator('.badge').allInnerTexts();
}

function press(name: string): Promise<void> {
  return page.getByRole('button', { name, exact: true }).click();
}

describe('the page of the chat in a browser', () => {
  it('asks the model once, and replays the answer the second time', async () => {
    await takeScreenshots(page, 'chat-1-start');
    await press('Ask');
    expect(await ended()).toEqual(['miss']);
    await until(async () => (await total('Model calls')) === '1', 'the model call', patience);

    await press('Ask');
    await until(async () => (await page.locator('#cards .card').count()) === 2, 'the second card', patience);
    expect(await ended()).toEqual(['hit']);
    await until(async () => (await total('Questions')) === '2', 'the second question', patience);
    expect(await total('Model calls')).toBe('1');
    expect(Number((await total('Tokens saved')).replace(',', ''))).toBeGreaterThan(10);
    await takeScreenshots(page, 'chat-2-hit');
  });

  it('asks from 5 tabs at once, and the model answers once', async () => {
    await press('Ask from 5 tabs at once');
    expect((await ended()).sort()).toEqual(['miss', 'shared', 'shared', 'shared', 'shared']);
    await page
      .locator('#cards')
      .getByText('5 tabs asked at once, the model answered once.')
      .waitFor({ timeout: patience });
    await until(async () => (await total('Model calls')) === '1', 'the model call', patience);
    await takeScreenshots(page, 'chat-3-tabs');
  });

  it('offers questions, and asks the model anew on request', async () => {
    await press('Which answers must never be cached?');
    expect(await ended()).toEqual(['miss']);
    await page.getByLabel('Ask the model anew').check();
    await press('Ask');
    await until(async () => (await page.locator('#cards .card').count()) === 2, 'the second card', patience);
    expect(await ended()).toEqual(['miss']);
    await until(async () => (await total('Model calls')) === '2', 'the second model call', patience);
  });

  // Chromium calls about every second of them aborted: see `watchFaults`.
  it('reads one answer after another to its end, without a fault', async () => {
    const ends = await page.evaluate<string[]>(`(async () => {
      const { ask } = await import('/chat/ask.js');
      const ends = [];
      for (let i = 0; i < 20; i++) {
        let last;
        for await (const { type } of ask({ question: 'What is a cache stampede?' })) last = type;
        ends.push(last);
      }
      return ends;
    })()`);
    expect(ends).toEqual(Array.from({ length: 20 }, () => 'done'));
  });

  it('stops an answer when the reader leaves', async () => {
    await page.close();
    await demo.close();
    demo = await startDemo({ CHAT_TOKEN_MS: '300' });
    const opened = await stage.open(`${demo.url}/chat`);
    ({ page } = opened);
    opened.faults.allow(/^failed: POST .*\/ai\/chat: net::ERR_ABORTED/);
    await page.locator('#model option').first().waitFor({ state: 'attached', timeout: patience });
    await press('Ask');
    await press('Stop');
    expect(await ended()).toEqual(['stopped']);
  });
});
