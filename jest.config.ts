/**
 * One project per kind of test; `scripts/test.mjs` runs them and adds them up. Before Node 22.18, Jest reads this file
 * through ts-node.
 *
 * @jest-config-loader-options {"swc": true, "skipProject": true, "compilerOptions": {"module": "commonjs", "ignoreDeprecations": "6.0"}}
 */
import type { Config } from 'jest';

type Project = Exclude<NonNullable<Config['projects']>[number], string>;

const shared = {
  testEnvironment: 'node',
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    // The page of the dashboard is code for a browser, which the built package holds as text.
    '/dashboard/page/content\\.ts$': '<rootDir>/scripts/lib/jest-page.mjs',
    '^.+\\.ts$': [
      '@swc/jest',
      {
        jsc: {
          parser: { syntax: 'typescript', decorators: true },
          transform: { legacyDecorator: true, decoratorMetadata: true },
          target: 'es2022',
          keepClassNames: true,
        },
        module: { type: 'es6' },
        sourceMaps: 'inline',
      },
    ],
  },
  moduleNameMapper: {
    '^nestjs-cache-infra$': '<rootDir>/libs/cache-infra/src/index.ts',
    '^nestjs-cache-infra/(.*)$': '<rootDir>/libs/cache-infra/src/$1/index.ts',
    '^(\\.{1,2}/.*)\\.js$': '$1',
  },
  modulePathIgnorePatterns: ['<rootDir>/(libs|apps)/[^/]+/dist/'],
  setupFiles: ['reflect-metadata', '<rootDir>/test/support/own-environment.ts'],
};

/** A Jest project: a name and where its tests stand. */
const project = (displayName: string, testMatch: string[], options: Partial<Project> = {}): Project => ({
  ...shared,
  ...options,
  displayName,
  testMatch: testMatch.map((glob) => `<rootDir>/${glob}`),
});

/** One Redis for all files of a run, under TEST_REDIS_URL. */
const withRedis = {
  globalSetup: '<rootDir>/test/support/start-redis.mjs',
  globalTeardown: '<rootDir>/test/support/stop-redis.mjs',
  setupFilesAfterEnv: ['<rootDir>/test/support/retries.ts'],
};

/** The Redis, and a Chromium, whose path is under TEST_CHROMIUM_PATH. */
const withBrowser = { ...withRedis, globalSetup: '<rootDir>/test/support/start-redis-and-chromium.mjs' };

const config: Config = {
  projects: [
    project('unit', ['libs/*/src/**/*.spec.ts', 'apps/*/src/**/*.spec.ts', 'test/ai-meaning/**/*.spec.ts']),
    project('redis', ['test/redis/**/*.spec.ts'], withRedis),
    project('integration', ['test/integration/**/*.spec.ts'], withRedis),
    project('e2e', ['test/e2e/**/*.spec.ts'], withRedis),
    project('browser', ['test/browser/**/*.spec.ts'], withBrowser),
    project('package', ['test/package/**/*.spec.ts']),
    project('faults', ['test/faults/**/*.spec.ts'], {
      globalTeardown: '<rootDir>/test/faults/print-table.mjs',
    }),
    ...(process.env.RUN_DOCKER === '1'
      ? [
          project('docker', ['test/docker/**/*.spec.ts'], {
            globalSetup: '<rootDir>/test/docker/require-engine.mjs',
          }),
        ]
      : []),
    ...(process.env.RUN_SLOW === '1' ? [project('performance', ['test/performance/**/*.spec.ts'])] : []),
  ],
  // A busy machine is no failure.
  testTimeout: 30_000,
  coverageDirectory: 'test-results/coverage',
  collectCoverageFrom: ['libs/cache-infra/src/**/*.ts', '!**/*.spec.ts', '!**/*.d.ts'],
};

export default config;
