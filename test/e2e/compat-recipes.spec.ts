import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterAll, expect, it } from '@jest/globals';

import { readText, root } from '../support/repository.js';

// test/package/docs-snippets.spec.ts compiles the snippets of recipes, and runs those that print something. Snippets
// that are tests run here, as tests of this file: the import registers them with Jest.
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
