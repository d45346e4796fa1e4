import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import ts from 'typescript';

import { buildLibrary } from '../faults/build-library.js';
import { root } from '../support/repository.js';
import { runCli } from '../support/run-cli.js';

let directory: string;

beforeAll(async () => {
  await buildLibrary();
  await mkdir(join(root, 'test-results'), { recursive: true });
  // Within the repository, where packages are found.
  directory = await mkdtemp(join(root, 'test-results', 'cli-modules-'));
  await mkdir(join(directory, 'dist'));
  await file('package.json', '{ "type": "commonjs" }');
}, 180_000);
afterAll(() => rm(directory, { recursive: true, force: true }));

async function file(name: string, text: string): Promise<string> {
  await writeFile(join(directory, name), text);
  return name;
}

/** As tsc writes it for a CommonJS application. */
function compiled(source: string): string {
  return ts.transpileModule(source, { compilerOptions: { module: ts.ModuleKind.CommonJS } }).outputText;
}

const options = '{ defaultTtl: 41, name: "mine" }';

describe('the options of a module', () => {
  it.each<[string, string]>([
    ['dist/cache.config.js', compiled(`export default ${options};`)],
    ['dist/function.js', compiled(`export default async () => (${options});`)],
    ['dist/named.js', compiled(`export const cacheConfig = ${options};`)],
    ['dist/both.js', compiled(`export const config = { defaultTtl: 1 }; export default ${options};`)],
    ['assigned.cjs', `module.exports = ${options};`],
    ['assigned-function.cjs', `module.exports = () => (${options});`],
    ['default.mjs', `export default ${options};`],
    ['named.mjs', `export const config = ${options};`],
  ])('are read from %s', async (name, text) => {
    const { code, out, error } = await runCli(['check', '--config', await file(name, text)], directory);
    expect([code, error]).toEqual([0, '']);
    expect(out).toMatch(/Cache 'mine'[^]* defaultTtl +41\b/);
  });

  it.each<[string, string]>([
    ['dist/none.js', compiled('export const other = 1;')],
    ['none.mjs', 'export const other = 1;'],
  ])('are missing in %s: says what to export', async (name, text) => {
    const { code, error } = await runCli(['check', '--config', await file(name, text)], directory);
    expect([code, error]).toEqual([1, expect.stringContaining('exports no options: export default')]);
  });
});

describe('the cache of a module', () => {
  const cache = 'new InMemoryCache({ name: "mine", maxSize: 500 })';
  const imported = 'import { InMemoryCache } from "nestjs-cache-infra"; export';
  it.each<[string, string]>([
    ['dist/cache.js', compiled(`${imported} default () => ${cache};`)],
    ['dist/named-cache.js', compiled(`${imported} const cache = ${cache};`)],
    ['assigned-cache.cjs', `module.exports = new (require("nestjs-cache-infra").InMemoryCache)();`],
    ['cache.mjs', `${imported} default ${cache};`],
  ])('is taken from %s: the next module is refused', async (name, text) => {
    const none = await file('none.cjs', 'module.exports = 3;');
    const args = ['bench', '--cache', await file(name, text), '--against', none];
    const { code, error } = await runCli(args, directory);
    expect([code, error.split('\n')[0]]).toEqual([
      2,
      expect.stringMatching(/^none\.cjs must export a Cache/),
    ]);
  });
});
