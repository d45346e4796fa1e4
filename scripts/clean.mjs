// Deletes the output of builds and tests: `node scripts/clean.mjs`; of builds only: `node scripts/clean.mjs dist`.
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';

import { root } from './lib/process.mjs';

const builds = [];
for (const workspaces of ['libs', 'apps']) {
  for (const name of await readdir(join(root, workspaces))) builds.push(join(workspaces, name, 'dist'));
}
const leftovers =
  process.argv[2] === 'dist'
    ? builds
    : [...builds, 'website/dist', 'website/.cache', 'test-results', 'coverage', '.cache'];
for (const path of leftovers) await rm(join(root, path), { recursive: true, force: true });
