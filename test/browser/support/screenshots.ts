import { join } from 'node:path';

import { expect } from '@jest/globals';
import type { Page } from 'playwright-core';

import { root } from '../../support/repository.js';
import { expectAccessible } from './accessible.js';

export const themes = ['light', 'dark'] as const;

/** A phone, a laptop and a 4k display at its usual scale, in CSS pixels. */
export const sizes = [
  { width: 380, height: 800 },
  { width: 1280, height: 800 },
  { width: 2560, height: 1440 },
] as const;

/**
 * Takes pictures of the whole page in both themes and three widths:
 * `test-results/screenshots/<name>-<width>-<theme>.png`. In each of them the page must not scroll sideways, and must be
 * accessible.
 */
export async function takeScreenshots(page: Page, name: string): Promise<void> {
  for (const colorScheme of themes) {
    await page.emulateMedia({ colorScheme });
    for (const size of sizes) {
      await page.setViewportSize(size);
      await page.evaluate('document.fonts.ready.then(() => undefined)');
      const path = join(
        root,
        'test-results',
        'screenshots',
        `${name}-${String(size.width)}-${colorScheme}.png`,
      );
      await page.screenshot({ path, fullPage: true, animations: 'disabled' });
      const beyond = await page.evaluate<number>('document.documentElement.scrollWidth - innerWidth');
      expect({ ...size, beyond: Math.max(0, beyond) }).toEqual({ ...size, beyond: 0 });
      await expectAccessible(page);
    }
  }
}
