import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { copySources } from '../bench.mjs';
import { attempt, endOf } from '../succeed.mjs';

const versions = ['5.4', '5.5', '5.9', '6.0'];

const node10 = { module: 'commonjs', moduleResolution: 'node10' };
const node16 = { module: 'node16', moduleResolution: 'node16' };
const nodenext = { module: 'nodenext', moduleResolution: 'nodenext' };
const bundler = { module: 'esnext', moduleResolution: 'bundler' };

/** NestJS 12 as ES modules, which need `exports`; before, CommonJS. */
const programs = [
  ...[node10, node16, nodenext, bundler].map((modules) => ({ nestJs: 11, modules })),
  ...[node16, nodenext, bundler].map((modules) => ({ nestJs: 12, modules })),
];

const isQuick = (version, { nestJs, modules }) =>
  version === '5.4' && modules === (nestJs === 11 ? node10 : node16);

export const typescript = versions.flatMap((version) =>
  programs.map((program) => ({
    group: 'TypeScript with `strict` and `skipLibCheck: false`',
    title: titleOf(version, program),
    quick: isQuick(version, program),
    async run(bench) {
      const name = `typescript-${version}`;
      const modules = await bench.programs(name);
      await check(bench, { ...program, version, tsc: join(modules, name, 'bin', 'tsc') });
      const nestJs = await bench.versions(`nest-${program.nestJs}`, '@nestjs/core');
      return `${await bench.versionsOf(modules, name)}, ${nestJs}`;
    },
  })),
);

function titleOf(version, { nestJs, modules: { module, moduleResolution } }) {
  return `TypeScript ${version}, NestJS ${nestJs}, \`module: ${module}\`, \`moduleResolution: ${moduleResolution}\``;
}

async function check(bench, { tsc, version, nestJs, modules }) {
  const folder = await bench.emptyFolder(`nest-${nestJs}`);
  const isEsm = nestJs === 12;
  await copySources('application', join(folder, 'src'), isEsm ? 'esm' : 'commonjs');
  for (const spec of ['app.spec.ts', 'products.service.spec.ts']) await rm(join(folder, 'src', spec));
  await writeFile(join(folder, 'src', 'entry-points.ts'), entryPoints);
  const type = isEsm ? 'module' : 'commonjs';
  await writeFile(join(folder, 'package.json'), JSON.stringify({ name: 'checked', private: true, type }));
  const compilerOptions = {
    ...modules,
    ...{ target: 'es2022', types: ['node'], esModuleInterop: true, noEmit: true },
    // The libraries of TypeScript itself are not checked, which takes a quarter of the time.
    ...{ strict: true, skipLibCheck: false, skipDefaultLibCheck: true },
    ...{ experimentalDecorators: true, emitDecoratorMetadata: true },
    ...(version === '6.0' && modules === node10 && { ignoreDeprecations: '6.0' }),
  };
  await writeFile(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['src'] }));
  const args = [tsc, '-p', '.', '--pretty', 'false'];
  const { status, output } = await attempt(process.execPath, args, { cwd: folder });
  const findings = output.split('\n').filter((line) => isOurs(line));
  if (findings.length > 0) throw new Error(endOf(findings.join('\n')));
  // 2: there are findings, and all are in the declarations of others.
  if (![0, 2].includes(status)) throw new Error(`tsc ended with ${status}:\n${endOf(output)}`);
}

/** What the declarations of others say about each other is theirs to mend. */
function isOurs(line) {
  return /^(src\/|error )/.test(line) || /^[./]*node_modules\/nestjs-cache-infra\/dist\//.test(line);
}

const entryPoints = ['', '/testing', '/benchmarks', '/keyv', '/compat', '/throttler', '/openai']
  .map((path, index) => `export * as entry${index} from 'nestjs-cache-infra${path}';\n`)
  .join('');
