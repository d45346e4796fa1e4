import { nestBuild, startOnEach } from '../build.mjs';

const built = (nestJs, modules, builder) => ({
  group: '`nest build`',
  title: `NestJS ${nestJs}, ${modules === 'esm' ? 'ESM' : 'CommonJS'}, builder ${builder}`,
  async run(bench) {
    const installation = `nest-${nestJs}-cli`;
    const folder = await bench.application(installation, { modules });
    await nestBuild(folder, builder);
    await startOnEach(folder);
    return bench.versions(installation, '@nestjs/core', '@nestjs/cli', ...compilers[builder]);
  },
});

const compilers = { tsc: ['typescript'], swc: ['@swc/core'], webpack: ['webpack'], rspack: ['@rspack/core'] };

export const builders = [
  ...['tsc', 'swc', 'webpack'].map((builder) => built(11, 'commonjs', builder)),
  ...['tsc', 'swc', 'webpack'].map((builder) => built(12, 'commonjs', builder)),
  // The CLI refuses webpack for ES modules, and says to take rspack.
  ...['tsc', 'swc', 'rspack'].map((builder) => built(12, 'esm', builder)),
];
