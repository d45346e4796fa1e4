import { expect } from '@jest/globals';
import axe, { type AxeResults } from 'axe-core';
import type { Page } from 'playwright-core';

/**
 * Fails if axe-core finds a serious or critical fault on the page as it is shown: contrast, names of controls, roles,
 * headings, order.
 *
 * @param selector a part of the page; default: the whole page
 */
export async function expectAccessible(page: Page, selector = ':root'): Promise<void> {
  if (!(await page.evaluate(() => 'axe' in globalThis))) await page.evaluate(axe.source);
  const { violations } = await page.evaluate<AxeResults>(
    `axe.run(${JSON.stringify(selector)}, { resultTypes: ['violations'] })`,
  );
  const faults = violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, help, nodes }) =>
      nodes.map(({ html, failureSummary = '' }) => `${id}: ${help}\n${html}\n${failureSummary}`),
    );
  expect(faults).toEqual([]);
}
