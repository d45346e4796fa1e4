// Installs what the cells need with npm: once for each set of packages, into `node_modules/.cache/matrix`.
import { createHash } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  symlinkSync,
} from 'node:fs';
import { copyFile, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { root } from '../process.mjs';
import { applications, programs } from './packages.mjs';
import { succeed } from './succeed.mjs';

const cache = join(root, 'node_modules', '.cache', 'matrix');

/**
 * A folder with a `node_modules`, which must not be changed.
 *
 * @param name of `packages.mjs`
 * @param archive the packed library
 */
export async function installation(name, archive) {
  const isApplication = name in applications;
  const dependencies = isApplication ? applications[name] : programs[name];
  // The peers and dependencies of the library decide what npm installs; its code does not.
  const library = JSON.parse(await readFile(join(root, 'libs/cache-infra/package.json'), 'utf8'));
  const decisive = [dependencies, isApplication && [library.dependencies, library.peerDependencies]];
  const folder = join(cache, `${name}-${digestOf(decisive)}`);
  if (!existsSync(folder)) await install(folder, dependencies, isApplication ? archive : undefined);
  return folder;
}

function digestOf(value) {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, 12);
}

async function install(folder, dependencies, archive) {
  const draft = `${folder}.${process.pid}`;
  await mkdir(draft, { recursive: true });
  try {
    // npm makes a link of a package that is a folder, and installs an archive as it would one from the registry.
    if (archive !== undefined) await copyFile(archive, join(draft, 'nestjs-cache-infra.tgz'));
    const library = archive === undefined ? {} : { 'nestjs-cache-infra': 'file:nestjs-cache-infra.tgz' };
    const manifest = { name: 'matrix', private: true, dependencies: { ...dependencies, ...library } };
    await writeFile(join(draft, 'package.json'), JSON.stringify(manifest));
    // Peers that conflict are a finding.
    const options = [
      '--ignore-scripts',
      '--prefer-offline',
      '--no-audit',
      '--no-fund',
      '--no-legacy-peer-deps',
    ];
    await succeed('npm', ['install', ...options, '--loglevel=error', '--prefix', draft], { cwd: draft });
    // Another process may have been first.
    await rename(draft, folder).catch((error) => {
      if (!existsSync(folder)) throw error;
    });
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

/** Gives a folder the packages of an installation as hard links, with the library from its archive. */
export async function linkPackages(installed, folder, archive) {
  const modules = join(folder, 'node_modules');
  linkTree(join(installed, 'node_modules'), modules);
  const library = join(modules, 'nestjs-cache-infra');
  // Its own packages stay: the versions that differ from those of the application.
  for (const name of readdirSync(library))
    if (name !== 'node_modules') await rm(join(library, name), { recursive: true });
  await succeed('tar', ['-xzf', archive, '-C', library, '--strip-components=1'], { cwd: folder });
}

function linkTree(from, to) {
  mkdirSync(to, { recursive: true });
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    if (entry.isDirectory()) linkTree(source, target);
    else if (entry.isSymbolicLink()) symlinkSync(readlinkSync(source), target);
    else linkFile(source, target);
  }
}

function linkFile(source, target) {
  try {
    linkSync(source, target);
  } catch (error) {
    // Another file system.
    if (error.code !== 'EXDEV') throw error;
    copyFileSync(source, target);
  }
}
