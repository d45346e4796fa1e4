import { existsSync } from 'node:fs';
import { join } from 'node:path';

import { succeed } from './succeed.mjs';

/** Compiles an application with `tsc`, without the types of a test runner that is not installed. */
export function compile(application) {
  const tsc = join(application, 'node_modules/typescript/bin/tsc');
  return succeed(process.execPath, [tsc, '-p', 'tsconfig.build.json', '--types', 'node'], {
    cwd: application,
  });
}

/** Builds an application with `nest build`. */
export function nestBuild(application, builder) {
  const nest = join(application, 'node_modules/@nestjs/cli/bin/nest.js');
  return succeed(process.execPath, [nest, 'build', '--builder', builder], { cwd: application });
}

/** The compiled `main`: beside `src` in NestJS 12, whose `rootDir` is the application. */
export function mainOf(application) {
  const found = ['dist/main.js', 'dist/src/main.js'].find((path) => existsSync(join(application, path)));
  if (found === undefined) throw new Error('The build wrote neither dist/main.js nor dist/src/main.js');
  return found;
}

/** Starts an application, which sends itself requests and ends. */
export function start(application, platform, { node = process.execPath, main = mainOf(application) } = {}) {
  return succeed(node, [main, platform], { cwd: application, timeoutMs: 60_000 });
}

export const platforms = ['express', 'fastify'];

export async function startOnEach(application, options) {
  for (const platform of platforms) await start(application, platform, options);
}
