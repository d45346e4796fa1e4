// Writes docs/proof.md from the titles of the tests: `node scripts/proof.mjs`. With `--check` it only fails when the
// page is not up to date.
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { format, resolveConfig } from 'prettier';

import { root } from './lib/process.mjs';
import { page, proof, specs } from './lib/proof.mjs';

try {
  const path = join(root, page);
  const before = await readFile(path, 'utf8').catch(() => '');
  const after = await format(proof(await specs()), { ...(await resolveConfig(path)), parser: 'markdown' });
  if (after === before) {
    console.log(`${page} is up to date.`);
  } else if (process.argv.includes('--check')) {
    throw new Error(`${page} is not up to date: make proof`);
  } else {
    await writeFile(path, after);
    console.log(`${page} is written.`);
  }
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
