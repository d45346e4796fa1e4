import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { root, run } from './process.mjs';

// No dependency needs its install script, and the failing native build of an optional dependency would cost time.
const options = ['--include=dev', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];

/**
 * Installs the packages of the lock file unless they are installed: `npm ci`, then `npm install` if it fails.
 *
 * @param {string} [directory] directory of the lock file; default: the root of the repository
 * @throws Error with the output of npm when both fail
 */
export async function install(directory = root) {
  if (await isInstalled(directory)) return;
  console.log('Installing the dependencies with npm, once. This can take a few minutes.');
  // NODE_ENV=production would omit the development dependencies.
  const env = { ...process.env, NODE_ENV: '' };
  const outputs = [];
  for (const args of [['ci'], ['install', '--no-save']]) {
    const { status, output } = await run('npm', [...args, ...options], { env, show: false, cwd: directory });
    if (status === 0) return;
    outputs.push(`npm ${args[0]} ended with ${status}:\n${output.trim()}`);
  }
  throw new Error(`The dependencies could not be installed.\n\n${outputs.join('\n\n')}`);
}

/** True if every package of the lock file is installed in its version. */
async function isInstalled(directory) {
  try {
    const { packages } = JSON.parse(await readFile(join(directory, 'package-lock.json'), 'utf8'));
    const wanted = Object.entries(packages).filter(
      ([path, entry]) => path.includes('node_modules/') && !entry.optional && !entry.link,
    );
    const present = await Promise.all(
      wanted.map(async ([path, { version }]) => (await versionAt(directory, path)) === version),
    );
    return !present.includes(false);
  } catch {
    return false;
  }
}

async function versionAt(directory, path) {
  return JSON.parse(await readFile(join(directory, path, 'package.json'), 'utf8')).version;
}
