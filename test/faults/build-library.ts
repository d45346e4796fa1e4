import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

import { execute, root } from '../support/repository.js';

const library = join(root, 'libs/cache-infra');

/** Builds the library that other processes import, unless the build that is there is of the present source. */
export async function buildLibrary(): Promise<void> {
  const built = await modified(join(library, 'dist/index.mjs'));
  const names = await readdir(join(library, 'src'), { recursive: true });
  const sources = names.filter((name) => name.endsWith('.ts') && !name.endsWith('.spec.ts'));
  const times = await Promise.all(sources.map((name) => modified(join(library, 'src', name))));
  if (Math.max(...times) < built) return;
  await execute(process.execPath, [join(root, 'scripts/build-library.mjs')]);
}

async function modified(file: string): Promise<number> {
  return (await stat(file).catch(() => undefined))?.mtimeMs ?? 0;
}
