// Builds the package: `node scripts/build-library.mjs [--out <folder>]`, by default into libs/cache-infra/dist.
import { execFileSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';

import { writeChunks } from './lib/bundle/chunks.mjs';
import { writeDeclarations } from './lib/bundle/declarations.mjs';
import { writeDoors } from './lib/bundle/doors.mjs';
import { root } from './lib/process.mjs';

const library = join(root, 'libs', 'cache-infra');
const { values } = parseArgs({ options: { out: { type: 'string', default: join(library, 'dist') } } });
const dist = resolve(values.out);

// Beside the sources: the declarations find the packages that they import from there.
const compiled = await mkdtemp(join(library, '.build-'));
try {
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  const config = join(library, 'tsconfig.build.json');
  execFileSync(process.execPath, [tsc, '-p', config, '--outDir', compiled], { stdio: 'inherit' });
  await rm(dist, { recursive: true, force: true });
  await writeDoors(await writeChunks(compiled, dist), dist);
  await writeDeclarations(compiled, dist);
} finally {
  await rm(compiled, { recursive: true, force: true });
}
