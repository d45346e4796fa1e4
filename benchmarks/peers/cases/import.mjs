// Measures the duration of an import in new processes, with files in the page cache.
import { createRequire, register } from 'node:module';
import { readFile } from 'node:fs/promises';
import { MessageChannel } from 'node:worker_threads';

import { inChildren, inChild } from '../children.mjs';

const nest = 'in a program that has imported NestJS';
const packages = {
  'nestjs-cache-infra': [],
  [`nestjs-cache-infra, ${nest}`]: ['reflect-metadata', '@nestjs/common', '@nestjs/core'],
  '@nestjs/common and @nestjs/core': [],
  ioredis: [],
  bentocache: [],
  cacheable: [],
  'cache-manager': [],
};

/** Runs in the child. Returns milliseconds, or, for a name with `modules:`, the loaded packages. */
async function importTime(name) {
  if (name.startsWith('modules:')) return modulesOf(name.slice('modules:'.length));
  for (const earlier of packages[name]) await import(earlier);
  const names = name.split(/ and |, /).filter((part) => part !== nest);
  const start = performance.now();
  for (const part of names) await import(part);
  return performance.now() - start;
}

/** The files that an import loads: ES modules by a hook, CommonJS modules from their cache. */
async function modulesOf(name) {
  const urls = new Set();
  const { port1, port2 } = new MessageChannel();
  port1.on('message', (url) => urls.add(url));
  const hook = `export async function initialize({ port }) { globalThis.told = port; }
    export async function load(url, context, next) { globalThis.told.postMessage(url); return next(url, context); }`;
  register(`data:text/javascript,${encodeURIComponent(hook)}`, {
    data: { port: port2 },
    transferList: [port2],
  });
  const before = new Set(Object.keys(createRequire(import.meta.url).cache));
  await import(name);
  await new Promise((resolve) => setTimeout(resolve, 100));
  port1.close();
  const required = Object.keys(createRequire(import.meta.url).cache).filter((path) => !before.has(path));
  const files = new Set([...[...urls].map((url) => url.replace('file://', '')), ...required]);
  const counts = {};
  for (const file of files) {
    const owner = /.*node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(file)?.[1];
    const own = owner ?? (file.includes('/libs/cache-infra/') ? 'nestjs-cache-infra' : undefined);
    if (own !== undefined) counts[own] = (counts[own] ?? 0) + 1;
  }
  return counts;
}

async function optionalPeers() {
  const manifest = new URL('../../../libs/cache-infra/package.json', import.meta.url);
  const { peerDependenciesMeta } = JSON.parse(await readFile(manifest, 'utf8'));
  return Object.keys(peerDependenciesMeta).filter((name) => peerDependenciesMeta[name].optional === true);
}

export const importCases = {
  import: {
    inChild: importTime,
    async measure({ rounds }) {
      const modules = await inChild(['import', 'child', 'modules:nestjs-cache-infra']);
      const optional = await optionalPeers();
      const loaded = optional.filter((name) => modules[name] !== undefined);
      const samples = await inChildren('import', Object.keys(packages), Math.min(rounds, 7));
      return { unit: 'ms', samples, modules, optional, loaded };
    },
    once: true,
    /** Code under profile: the library's part. */
    async work() {
      return () => import('nestjs-cache-infra');
    },
  },
};
