import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterAll, expect, it } from '@jest/globals';

import { readText, root } from '../support/repository.js';

// Snippets of recipes are compiled, and run where they print something, by test/package/docs-snippets.spec.ts. Those that are tests
// themselves run here, as tests of this file: importing them is what tells Jest of them.
const recipe = await readText('docs/recipes/test-a-cached-service.md');
const tests = [...recipe.matchAll(/^```ts\n(.*?)^```$/gms)]
  .map(([, code = '']) => code)
  .filter((code) => code.includes("from '@jest/globals'"));

await mkdir(join(root, 'test-results'), { recursive: true });
// Within the repository, where packages are found.
const directory = await mkdtemp(join(root, 'test-results', 'recipes-'));
afterAll(() => rm(directory, { recursive: true, force: true }));
for (const [index, code] of tests.entries()) {
  const file = join(directory, `recipe-${String(index)}.ts`);
  await writeFile(file, code);
  await import(file);
}

it('docs/recipes/test-a-cached-service.md has tests that run', () => {
  expect(tests).toHaveLength(1);
});
