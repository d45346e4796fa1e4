import { cp, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { root, run } from './process.mjs';

const library = join(root, 'libs', 'cache-infra');

/**
 * Packs the library as `npm publish` would. Builds it apart from its `dist`, unless that is newer than the sources.
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
    await cp(join(library, name), join(staging, name), { recursive: true });
  if (await isBuilt(JSON.parse(manifest)))
    await cp(join(library, 'dist'), join(staging, 'dist'), { recursive: true });
  else await succeed(process.execPath, ['scripts/build-library.mjs', '--out', join(staging, 'dist')]);
  const args = ['pack', '--json', '--ignore-scripts', '--loglevel=error', '--pack-destination', directory];
  const [packed] = Object.values(JSON.parse(await succeed('npm', args, { cwd: staging })));
  await rm(staging, { recursive: true });
  return {
    archive: join(directory, packed.filename),
    files: packed.files.map(({ path }) => path),
    bytes: packed.size,
  };
}

/** True if every file of `exports` is there and newer than what it is made of. */
async function isBuilt({ exports }) {
  const built = Object.values(exports)
    .filter((target) => typeof target !== 'string')
    .flatMap((target) => Object.values(target).flatMap(({ types, default: code }) => [types, code]));
  const times = built.map((path) => timeOf(join(library, path)).catch(() => 0));
  return Math.min(...(await Promise.all(times))) > (await newestSource());
}

async function newestSource() {
  const own = ['package.json', 'tsconfig.build.json'].map((name) => join(library, name));
  const others = ['tsconfig.base.json', 'scripts/build-library.mjs'].map((path) => join(root, path));
  const folders = await Promise.all([
    newestIn(join(library, 'src')),
    newestIn(join(root, 'scripts/lib/bundle')),
  ]);
  return Math.max(...folders, ...(await Promise.all([...own, ...others].map((path) => timeOf(path)))));
}

/** When a file of a folder was last changed, or one was added or removed. */
async function newestIn(folder) {
  const entries = await readdir(folder, { withFileTypes: true });
  const times = entries.map((entry) => {
    const path = join(folder, entry.name);
    return entry.isDirectory() ? newestIn(path) : timeOf(path);
  });
  return Math.max(await timeOf(folder), ...(await Promise.all(times)));
}

async function timeOf(path) {
  return (await stat(path)).mtimeMs;
}

async function succeed(command, args, options) {
  const { status, output } = await run(command, args, { ...options, show: false });
  if (status !== 0) throw new Error(`${command} ${args[0]} ended with ${status}:\n${output}`);
  return output;
}
