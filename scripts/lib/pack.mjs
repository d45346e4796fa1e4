import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { root, run } from './process.mjs';

const library = join(root, 'libs', 'cache-infra');

/**
 * Builds the library apart from its `dist`, and packs it as `npm publish` would.
 *
 * @param {string} directory an existing folder, for the archive
 * @returns {Promise<{ archive: string, files: string[], bytes: number }>} the archive's path, the paths in it, its size
 * @throws Error with the output of the command that failed
 */
export async function packLibrary(directory) {
  const staging = join(directory, 'staging');
  await mkdir(staging, { recursive: true });
  const manifest = await readFile(join(library, 'package.json'), 'utf8');
  await writeFile(join(staging, 'package.json'), manifest);
  for (const name of JSON.parse(manifest).files.filter((file) => file !== 'dist'))
    await cp(join(library, name), join(staging, name));
  await succeed(process.execPath, ['scripts/build-library.mjs', '--out', join(staging, 'dist')]);
  const args = ['pack', '--json', '--ignore-scripts', '--loglevel=error', '--pack-destination', directory];
  const [packed] = Object.values(JSON.parse(await succeed('npm', args, { cwd: staging })));
  await rm(staging, { recursive: true });
  return {
    archive: join(directory, packed.filename),
    files: packed.files.map(({ path }) => path),
    bytes: packed.size,
  };
}

async function succeed(command, args, options) {
  const { status, output } = await run(command, args, { ...options, show: false });
  if (status !== 0) throw new Error(`${command} ${args[0]} ended with ${status}:\n${output}`);
  return output;
}
