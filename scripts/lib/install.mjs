import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { root, run } from './process.mjs';

// No dependency needs its install script, and a failing native build of an optional one would only cost time.
const options = ['--include=dev', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];

/**
 * Installs what the lock file names, unless it is there: `npm ci`, and `npm install` when that fails.
 *
 * @throws Error with the output of npm when neither works
 */
export async function install() {
  if (await isInstalled()) return;
  console.log('Installing the dependencies with npm, once. This can take a few minutes.');
  // NODE_ENV=production would leave out the tools that build and test.
  const env = { ...process.env, NODE_ENV: '' };
  const outputs = [];
  for (const args of [['ci'], ['install', '--no-save']]) {
    const { status, output } = await run('npm', [...args, ...options], { env, show: false });
    if (status === 0) return;
    outputs.push(`npm ${args[0]} ended with ${status}:\n${output.trim()}`);
  }
  throw new Error(`The dependencies could not be installed.\n\n${outputs.join('\n\n')}`);
}

/** True when node_modules holds every package of the lock file, in its version. */
async function isInstalled() {
  try {
    const wanted = await packagesOf('package-lock.json');
    const present = await packagesOf(join('node_modules', '.package-lock.json'));
    return Object.entries(wanted)
      .filter(([path, entry]) => path.startsWith('node_modules/') && !entry.optional && !entry.link)
      .every(([path, entry]) => present[path]?.version === entry.version);
  } catch {
    return false;
  }
}

async function packagesOf(lockFile) {
  return JSON.parse(await readFile(join(root, lockFile), 'utf8')).packages;
}
