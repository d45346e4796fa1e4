// Vitest runs the suites of other projects that are written for it, and this library's own tests of its support for
// Vitest. Jest specs start it (see run-vitest.ts), so that one command runs everything.
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
