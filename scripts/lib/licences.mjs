import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { root } from './process.mjs';

/** Licences that ask for no more than their text: nothing has to be published, and no use is excluded. */
export const allowed = ['0BSD', 'Apache-2.0', 'BSD-2-Clause', 'BSD-3-Clause', 'ISC', 'MIT', 'Python-2.0'];

/**
 * The packages that production installs by the lock file: those of the library, of its required peers and of the demo.
 *
 * @param {Record<string, object>} packages of package-lock.json
 * @returns {Promise<{ name: string, version: string, licence: string | undefined, hasInstallScript: boolean }[]>}
 */
export async function productionPackages(packages) {
  const entries = Object.entries(packages).filter(
    ([path, entry]) => path.includes('node_modules/') && !entry.dev && !entry.devOptional && !entry.link,
  );
  const found = entries.map(async ([path, { version, license, hasInstallScript }]) => ({
    name: path.split('node_modules/').at(-1),
    version,
    // The lock file leaves out the list of licences that old packages have in place of one.
    licence: license ?? (await licenceOf(path)),
    hasInstallScript: hasInstallScript === true,
  }));
  return (await Promise.all(found)).toSorted((one, other) => one.name.localeCompare(other.name));
}

async function licenceOf(folder) {
  const { license, licenses } = JSON.parse(await readFile(join(root, folder, 'package.json'), 'utf8'));
  return license ?? licenses?.map(({ type }) => type).join(' OR ');
}

/** True if an SPDX expression leaves a choice that is allowed: `(MIT OR GPL-3.0)` does, `MIT AND GPL-3.0` does not. */
export function isAllowed(expression) {
  if (expression === undefined) return false;
  const choices = expression.replace(/[()]/g, '').split(' OR ');
  return choices.some((choice) => choice.split(' AND ').every((licence) => allowed.includes(licence)));
}

/** One line for each licence, and the packages whose licence is not allowed. */
export function report(packages) {
  const groups = groupBy(packages, ({ licence }) => licence ?? 'none');
  const lines = [...groups].map(
    ([licence, members]) =>
      `${licence} (${members.length}): ${members.map(({ name, version }) => `${name} ${version}`).join(', ')}`,
  );
  const refused = packages
    .filter(({ licence }) => !isAllowed(licence))
    .map(({ name, version, licence }) => `${name} ${version}: ${licence ?? 'no licence'}`);
  return { lines, refused };
}

/** Node 20 has no `Map.groupBy`. */
function groupBy(items, keyOf) {
  const groups = new Map();
  for (const item of items) groups.set(keyOf(item), [...(groups.get(keyOf(item)) ?? []), item]);
  return groups;
}
