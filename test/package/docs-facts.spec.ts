import { describe, expect, it } from '@jest/globals';

import { importTool, readJson, readText } from '../support/repository.js';

interface Weight {
  installedWith(workspace: string): Promise<string[]>;
  bytesOnDisk(folder: string): Promise<number>;
}

const { installedWith, bytesOnDisk } = await importTool<Weight>('scripts/lib/weight.mjs');
const pagesOnWeight = ['libs/cache-infra/README.md', 'docs/concepts.md', 'docs/decisions/dependencies.md'];

describe('the guides say', () => {
  it.each(pagesOnWeight)(
    'T87: how many packages the library brings, and how large they are: %s',
    async (page) => {
      const folders = await installedWith('libs/cache-infra');
      const sizes = await Promise.all(folders.map(bytesOnDisk));
      const megabytes = sizes.reduce((sum, size) => sum + size, 0) / 1e6;

      const [, packages, size] = /(\d+) packages, (\d+) MB/.exec(await readText(page)) ?? [];
      expect(Number(packages)).toBe(folders.length);
      // File systems differ in what a small file takes.
      expect(Math.abs(Number(size) - megabytes)).toBeLessThan(0.25 * megabytes);
    },
  );

  it('T85: since which Vitest constructors are injected by their types, and the tests run on that one', async () => {
    const { version } = await readJson<{ version: string }>('node_modules/vitest/package.json');
    const page = await readText('docs/recipes/test-a-cached-service.md');
    const [, since] = /before Vitest (\d+)/i.exec(page) ?? [];
    expect(Number(version.split('.')[0])).toBeGreaterThanOrEqual(Number(since));
  });

  it('T86: how to contribute and how to report a vulnerability, in files at the root', async () => {
    for (const file of ['CONTRIBUTING.md', 'SECURITY.md'])
      expect((await readText(file)).length).toBeGreaterThan(200);
  });
});
