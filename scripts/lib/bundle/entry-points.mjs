// What the package is made of: its entry points, and the folders of `src` that share a file.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { root } from '../process.mjs';

/** Entry points by the name of their files in `dist`: the module of `src` each one is. */
export const entryPoints = {
  index: 'index',
  testing: 'testing/index',
  benchmarks: 'benchmarks/index',
  keyv: 'keyv/index',
  compat: 'compat/index',
  config: 'config/index',
  throttler: 'throttler/index',
  cdn: 'cdn/index',
  prometheus: 'prometheus/index',
  dashboard: 'dashboard/index',
  otel: 'otel/index',
  openai: 'openai/index',
  'ai-sdk': 'ai-sdk/index',
  langchain: 'langchain/index',
};

/** The command: it is started, not imported. */
export const program = { cli: 'cli/main' };

/** Folders of `src` that are files of their own; every other folder is part of `core`. */
const apart = [
  ...['nestjs', 'testing', 'benchmarks', 'keyv', 'compat', 'throttler', 'cdn', 'prometheus', 'otel'],
  ...['openai', 'ai-sdk', 'langchain', 'dashboard', 'cli'],
];

/** Modules that are part of their entry point alone: they import an optional package. */
const ofEntryPoint = ['config/index.js', 'config/option-classes.js'];

/** The file in `dist/chunks` that a module of `src` is part of; undefined: that of its entry point. */
export function chunkOf(path) {
  if (!path.includes('/') || ofEntryPoint.includes(path)) return undefined;
  // The command serves the page without NestJS.
  if (path.startsWith('dashboard/nest/') || path === 'dashboard/index.js') return 'dashboard-nest';
  if (path.startsWith('dashboard/page/')) return 'dashboard-page';
  const [folder] = path.split('/');
  return apart.includes(folder) ? folder : 'core';
}

/** Whether an import leads out of the library: a package or a module of Node. */
export function isExternal(id) {
  return !id.startsWith('.') && !id.startsWith('/');
}

const { peerDependencies } = JSON.parse(
  readFileSync(join(root, 'libs', 'cache-infra', 'package.json'), 'utf8'),
);

/** Whether a package is the application's own. */
export function isPeer(id) {
  return Object.keys(peerDependencies).some((name) => id === name || id.startsWith(`${name}/`));
}

/** Dependencies that only some caches need: a cache in memory alone loads none of Redis. */
export const loadedOnFirstUse = ['ioredis', 'cockatiel'];
