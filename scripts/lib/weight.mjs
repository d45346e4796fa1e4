import { readdir, readFile, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';

import { root } from './process.mjs';

/** The folders of the packages that npm installs with a workspace by the lock file, without peers. */
export async function installedWith(workspace) {
  const { packages } = JSON.parse(await readFile(join(root, 'package-lock.json'), 'utf8'));
  const found = new Set();
  const waiting = [workspace];
  for (const folder of waiting) {
    for (const name of Object.keys(packages[folder].dependencies ?? {})) {
      const dependency = folderOf(name, folder, packages);
      if (found.has(dependency)) continue;
      found.add(dependency);
      waiting.push(dependency);
    }
  }
  return [...found];
}

/** Resolves a package like Node: in the folder of the dependent, then in each parent folder. */
function folderOf(name, from, packages) {
  const parts = from.split('/');
  for (let length = parts.length; length >= 0; length--) {
    const folder = [...parts.slice(0, length), 'node_modules', name].join('/');
    if (packages[folder] !== undefined) return folder;
  }
  throw new Error(`package-lock.json does not have ${name}, which ${from} needs`);
}

/** Bytes of a folder on disk, without the packages in it. */
export async function bytesOnDisk(folder) {
  let bytes = 0;
  for (const entry of await readdir(resolve(root, folder), { withFileTypes: true })) {
    if (entry.name === 'node_modules') continue;
    const path = join(folder, entry.name);
    if (entry.isDirectory()) bytes += await bytesOnDisk(path);
    if (entry.isFile()) bytes += (await stat(resolve(root, path))).blocks * 512;
  }
  return bytes;
}
