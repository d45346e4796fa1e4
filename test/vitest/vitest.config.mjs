// What Vitest runs: the suites of others that are written for it, and what this library offers to its users. Started from Jest
// specs (see run-vitest.ts), so that one command runs everything.
import { defineConfig } from 'vitest/config';

const source = new URL('../../libs/cache-infra/src/', import.meta.url).pathname;

export default defineConfig({
  root: import.meta.dirname,
  resolve: {
    alias: [
      { find: /^nestjs-cache-infra$/, replacement: `${source}index.ts` },
      { find: /^nestjs-cache-infra\/(.*)$/, replacement: `${source}$1/index.ts` },
    ],
  },
  test: {
    include: ['*.vitest.ts'],
    // The tests of a suite share one cache.
    sequence: { concurrent: false },
    pool: 'threads',
    maxWorkers: 1,
    isolate: false,
    fileParallelism: false,
  },
});
