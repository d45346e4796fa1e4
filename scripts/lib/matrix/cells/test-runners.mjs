import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { succeed } from '../succeed.mjs';

const group = 'Test runners';

/** Runs Jest in an application. */
function jest(application, { node = process.execPath, flags = [] } = {}) {
  const program = join(application, 'node_modules/jest/bin/jest.js');
  return succeed(node, [...flags, program, '--ci'], { cwd: application });
}

async function changeJson(file, change) {
  const value = JSON.parse(await readFile(file, 'utf8'));
  await writeFile(file, JSON.stringify({ ...value, ...change(value) }, undefined, 2));
}

export const testRunners = [
  {
    group,
    title: 'Jest, ts-jest, NestJS 11, CommonJS: the configuration of `nest new`, unchanged',
    quick: true,
    async run(bench) {
      await jest(await bench.application('nest-11'));
      return bench.versions('nest-11', '@nestjs/core', 'jest', 'ts-jest');
    },
  },
  {
    group,
    title: 'Jest, @swc/jest, NestJS 11, CommonJS: the configuration of `nest new` with the transform of SWC',
    async run(bench) {
      const folder = await bench.application('nest-11-swc');
      await changeJson(join(folder, 'package.json'), (manifest) => ({
        jest: { ...manifest.jest, transform: { '^.+\\.(t|j)s?$': ['@swc/jest'] } },
      }));
      await writeFile(join(folder, '.swcrc'), JSON.stringify(swcOptions));
      await jest(folder);
      return bench.versions('nest-11-swc', '@nestjs/core', 'jest', '@swc/jest', '@swc/core');
    },
  },
  {
    group,
    title: 'Jest, ts-jest, NestJS 12, CommonJS, Node 24: the configuration of `nest new`, unchanged',
    async run(bench) {
      const folder = await bench.application('nest-12-tests');
      await jest(folder, { node: await bench.node(24), flags: ['--experimental-vm-modules'] });
      return bench.versions('nest-12-tests', '@nestjs/core', 'jest', 'ts-jest');
    },
  },
  {
    group,
    title: 'Jest, ts-jest, NestJS 12, ESM (`--experimental-vm-modules`)',
    async run(bench) {
      const folder = await bench.application('nest-12-tests', { modules: 'esm' });
      await rm(join(folder, 'vitest.config.ts'));
      await changeJson(join(folder, 'package.json'), () => ({ jest: jestForModules }));
      await changeJson(join(folder, 'tsconfig.json'), ({ compilerOptions }) => ({
        compilerOptions: { ...compilerOptions, types: ['node', 'jest'] },
      }));
      await jest(folder, { flags: ['--experimental-vm-modules'] });
      return bench.versions('nest-12-tests', '@nestjs/core', 'jest', 'ts-jest');
    },
  },
  {
    group,
    title: 'Vitest, NestJS 12, ESM: the configuration of `nest new`, unchanged',
    async run(bench) {
      const folder = await bench.application('nest-12-tests', { modules: 'esm' });
      const vitest = join(folder, 'node_modules/vitest/vitest.mjs');
      await succeed(process.execPath, [vitest, 'run'], { cwd: folder });
      return bench.versions('nest-12-tests', '@nestjs/core', 'vitest');
    },
  },
];

const swcOptions = {
  jsc: {
    parser: { syntax: 'typescript', decorators: true },
    transform: { legacyDecorator: true, decoratorMetadata: true },
    target: 'es2023',
  },
};

const jestForModules = {
  rootDir: 'src',
  testRegex: '.*\\.spec\\.ts$',
  testEnvironment: 'node',
  extensionsToTreatAsEsm: ['.ts'],
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  transform: { '^.+\\.ts$': ['ts-jest', { useESM: true }] },
};
