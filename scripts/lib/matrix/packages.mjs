// The packages that the applications of the matrix are made of, by the name of an installation. Ranges name majors: an
// installation takes the newest versions, and the table shows which.

const nest = (major, terminus = major) => ({
  '@nestjs/common': major,
  '@nestjs/core': major,
  '@nestjs/platform-express': major,
  '@nestjs/platform-fastify': major,
  '@nestjs/terminus': terminus,
  '@nestjs/testing': major,
  '@types/node': '^22',
  'reflect-metadata': '^0.2',
  rxjs: '^7',
});

const nestJs10 = { ...nest('^10.4', '^10.2'), '@types/express': '^5', typescript: '^5' };
const nestJs11 = { ...nest('^11'), '@types/express': '^5', typescript: '^5' };
const nestJs12 = { ...nest('^12'), '@types/express': '^5', typescript: '^6' };
const jest = { '@types/jest': '^30', jest: '^30', 'ts-jest': '^29' };
const swc = { '@swc/cli': '^0.8', '@swc/core': '^1' };
const webpack = {
  'fork-ts-checker-webpack-plugin': '^9',
  'ts-loader': '^9',
  'tsconfig-paths-webpack-plugin': '^4',
  webpack: '^5',
  'webpack-node-externals': '^3',
};

/** Applications: each is installed together with the packed library. */
export const applications = {
  'nest-10': nestJs10,
  'nest-11': { ...nestJs11, ...jest },
  'nest-12': nestJs12,
  'nest-11-cli': { ...nestJs11, ...swc, '@nestjs/cli': '^11', 'ts-loader': '^9' },
  'nest-12-cli': {
    ...nestJs12,
    ...swc,
    ...webpack,
    '@nestjs/cli': '^12',
    '@rspack/core': '^2',
    // The types that the configuration of `nest new` names.
    '@types/jest': '^30',
    vitest: '^4',
  },
  'nest-11-swc': { ...nestJs11, ...jest, '@swc/core': '^1', '@swc/jest': '^0.2' },
  // ts-node: Jest reads its configuration in TypeScript with it.
  'nest-12-tests': { ...nestJs12, ...jest, 'ts-node': '^10', 'vite-tsconfig-paths': '^5', vitest: '^4' },
  'nest-11-clients': { ...nestJs11, ioredis: '^5', iovalkey: '^0.3 || ^0.4' },
};

const typescript = (version) => ({ [`typescript-${version}`]: `npm:typescript@~${version}` });
// The npm package `node` fetches one of these in its install script.
const node = (major) => ({ [`node-${major}`]: `npm:node-${process.platform}-${process.arch}@${major}` });

const scaffold = (major, angular, typescript) => ({
  '@angular-devkit/schematics-cli': angular,
  '@nestjs/schematics': major,
  typescript,
});

/** Programs: the library is not among their packages. */
export const programs = {
  'nest-new-10': scaffold('^10', '^17', '^5'),
  'nest-new-11': scaffold('^11', '^19', '^5'),
  'nest-new-12': scaffold('^12', '^22', '^6'),
  'typescript-5.4': typescript('5.4'),
  'typescript-5.5': typescript('5.5'),
  'typescript-5.9': typescript('5.9'),
  'typescript-6.0': typescript('6.0'),
  'node-20': node(20),
  'node-22': node(22),
  'node-24': node(24),
  esbuild: { esbuild: '^0.28' },
  checkers: { '@arethetypeswrong/cli': '^0.18', publint: '^0.3' },
};
