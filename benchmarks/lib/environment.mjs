import { readFile } from 'node:fs/promises';
import { cpus, totalmem } from 'node:os';

/** The environment of a measurement. */
export function environment() {
  const processors = cpus();
  return {
    node: process.version,
    v8: process.versions.v8,
    platform: `${process.platform} ${process.arch}`,
    processor: `${processors.length} × ${processors[0]?.model.trim() || process.arch}`,
    memory: `${(totalmem() / 2 ** 30).toFixed(1)} GiB`,
  };
}

/** The versions of the packages in `node_modules` of a directory. */
export async function versions(directory, names) {
  const entries = names.map(async (name) => {
    const manifest = new URL(`node_modules/${name}/package.json`, directory);
    return [name, JSON.parse(await readFile(manifest, 'utf8')).version];
  });
  return Object.fromEntries(await Promise.all(entries));
}
