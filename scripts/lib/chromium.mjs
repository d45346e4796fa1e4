import { execFile } from 'node:child_process';
import { access, constants } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Programs that are a Chromium, the first choice first. */
const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];

/**
 * Finds the Chromium of a test run: CHROMIUM_PATH, a program on the PATH, or apt-get as root. Nothing is downloaded
 * from elsewhere.
 *
 * @param {{ env?: Readonly<Record<string, string | undefined>>, isRoot?: boolean }} [options]
 * @returns {Promise<{ path: string, version: string }>}
 * @throws Error that lists these ways when all fail, or when the program does not start
 */
export async function acquireChromium({ env = process.env, isRoot = process.getuid?.() === 0 } = {}) {
  const chromium = await started(await find(env, isRoot), env);
  console.log(`Chromium for the tests: ${chromium.version} at ${chromium.path}`);
  return chromium;
}

/** Passes the Chromium to the tests. */
export function environmentWithChromium(chromium, env = process.env) {
  return chromium === undefined ? env : { ...env, TEST_CHROMIUM_PATH: chromium.path };
}

async function find(env, isRoot) {
  if (env.CHROMIUM_PATH) {
    if (await isExecutable(env.CHROMIUM_PATH)) return env.CHROMIUM_PATH;
    throw new Error(`CHROMIUM_PATH is not a program that can be run: ${env.CHROMIUM_PATH}`);
  }
  const found = await onPath(env.PATH);
  if (found !== undefined) return found;
  let cause;
  if (isRoot) {
    try {
      await installChromium(env);
    } catch (error) {
      cause = error;
    }
    const installed = await onPath(env.PATH);
    if (installed !== undefined) return installed;
  }
  throw new Error(
    `No Chromium for the tests. Do one of these: set CHROMIUM_PATH to a Chromium or Chrome; put one of ` +
      `${names.join(', ')} on the PATH; or, as root on Debian or Ubuntu, run "apt-get install -y chromium"` +
      (cause === undefined ? '' : `. apt-get failed here: ${cause.message}`),
    { cause },
  );
}

/** Fail before the first test if the program does not start: Ubuntu has a `chromium-browser` that only names a snap. */
async function started(path, env) {
  try {
    const { stdout } = await run(path, ['--version'], { timeout: 60_000, env });
    return { path, version: stdout.trim() };
  } catch (error) {
    throw new Error(`The Chromium at ${path} does not start: ${error.message}`, { cause: error });
  }
}

async function onPath(path = '') {
  for (const name of names) {
    for (const directory of path.split(delimiter)) {
      const file = join(directory, name);
      if (directory !== '' && (await isExecutable(file))) return file;
    }
  }
  return undefined;
}

async function isExecutable(file) {
  try {
    await access(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

async function installChromium(env) {
  const apt = (...args) => run('apt-get', args, { timeout: 600_000, env });
  try {
    await apt('install', '-y', 'chromium');
  } catch {
    await apt('update');
    await apt('install', '-y', 'chromium');
  }
}
