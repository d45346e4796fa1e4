import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';

import { root } from './process.mjs';

/** The folders of the packages that npm installs along with a workspace, peers apart, by the lock file. */
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

/** As Node looks for it: in the folder that needs it, then in every one above. */
function folderOf(name, from, packages) {
  const parts = from.split('/');
  for (let length = parts.length; length >= 0; length--) {
    const folder = [...parts.slice(0, length), 'node_modules', name].join('/');
    if (packages[folder] !== undefined) return folder;
  }
  throw new Error(`package-lock.json does not have ${name}, which ${from} needs`);
}

/** Bytes that a folder takes on disk, the packages within it apart. */
export async function bytesOnDisk(folder) {
  let bytes = 0;
  for (const entry of await readdir(join(root, folder), { withFileTypes: true })) {
    if (entry.name === 'node_modules') continue;
    const path = join(folder, entry.name);
    if (entry.isDirectory()) bytes += await bytesOnDisk(path);
    if (entry.isFile()) bytes += (await stat(join(root, path))).blocks * 512;
  }
  return bytes;
}
