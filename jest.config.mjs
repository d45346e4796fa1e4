// One project per kind of test; `scripts/test.mjs` runs them and adds them up.
const shared = {
  testEnvironment: 'node',
  rootDir: import.meta.dirname,
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
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
  setupFiles: ['reflect-metadata'],
};

/** A Jest project: a name and where its tests stand. */
const project = (displayName, testMatch) => ({
  ...shared,
  displayName,
  testMatch: testMatch.map((glob) => `<rootDir>/${glob}`),
});

export default {
  projects: [
    project('unit', ['libs/*/src/**/*.spec.ts', 'apps/*/src/**/*.spec.ts']),
    project('redis', ['test/redis/**/*.spec.ts']),
    project('integration', ['test/integration/**/*.spec.ts']),
    project('e2e', ['test/e2e/**/*.spec.ts']),
  ],
};
