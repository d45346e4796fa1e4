// Lists the licences of everything that production installs: node scripts/licences.mjs
// Fails on a licence that is not in the list of scripts/lib/licences.mjs.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { allowed, productionPackages, report } from './lib/licences.mjs';
import { root } from './lib/process.mjs';

const { packages } = JSON.parse(await readFile(join(root, 'package-lock.json'), 'utf8'));
const found = await productionPackages(packages);
const { lines, refused } = report(found);
for (const line of lines) console.log(line);
if (refused.length > 0) {
  console.error(`Not allowed: ${refused.join('; ')}`);
  console.error(
    `Replace the package, or add its licence to scripts/lib/licences.mjs (${allowed.join(', ')}).`,
  );
  process.exitCode = 1;
} else {
  console.log(`${found.length} packages, all with an allowed licence`);
}
