import { join } from 'node:path';

import { compile, mainOf, startOnEach } from '../build.mjs';
import { attempt, endOf, succeed } from '../succeed.mjs';

const group = 'esbuild';

/** Packages that NestJS loads only in applications that have them. */
const optional = [
  '@fastify/multipart',
  '@fastify/static',
  '@fastify/view',
  '@mikro-orm/*',
  '@nestjs/microservices',
  '@nestjs/mongoose',
  '@nestjs/sequelize',
  '@nestjs/typeorm',
  '@nestjs/websockets',
  'class-transformer',
  'class-validator',
];

/** In a bundle of ES modules, CommonJS code needs a `require`. */
const requireInModules = `import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);`;

/** Bundles a compiled application into one file in a folder without packages. */
async function bundle(bench, application, { isEsm = false, keepNames }) {
  const folder = await bench.bareFolder();
  const file = join(folder, isEsm ? 'main.mjs' : 'main.cjs');
  const args = [
    join(await bench.programs('esbuild'), 'esbuild', 'bin', 'esbuild'),
    mainOf(application),
    ...['--bundle', '--minify', '--platform=node', '--log-level=warning', `--outfile=${file}`],
    ...optional.map((name) => `--external:${name}`),
    ...(keepNames ? ['--keep-names'] : []),
    ...(isEsm ? ['--format=esm', `--banner:js=${requireInModules}`] : []),
  ];
  await succeed(process.execPath, args, { cwd: application });
  return { folder, file };
}

const oneFile = ({ title, installation, modules }) => ({
  group,
  title: `${title}, compiled by \`tsc\`, then one file, minified with \`keepNames\``,
  async run(bench) {
    const application = await bench.application(installation, { modules });
    await compile(application);
    const isEsm = modules === 'esm';
    const { folder, file } = await bundle(bench, application, { isEsm, keepNames: true });
    await startOnEach(folder, { main: file });
    return versions(bench, installation);
  },
});

async function versions(bench, installation) {
  const esbuild = await bench.versionsOf(await bench.programs('esbuild'), 'esbuild');
  return `${esbuild}, ${await bench.versions(installation, '@nestjs/core')}`;
}

const boots = 'FirstService and SecondService: first 7, second 7';
const refuses = /(\w+)\.find is the default key of two classes of the same name: give @Cacheable\(\) a key/;

const sameNames = {
  group,
  title:
    'Two classes that minify to one name: refused at boot, and the same values as before with `keepNames`',
  async run(bench) {
    const installation = 'nest-11';
    const application = await bench.application(installation, { program: 'minified' });
    await compile(application);
    const kept = await bundle(bench, application, { keepNames: true });
    const output = await succeed(process.execPath, [kept.file], { cwd: kept.folder });
    if (!output.includes(boots)) throw new Error(`with keepNames:\n${endOf(output)}`);
    const shortened = await bundle(bench, application, { keepNames: false });
    const refused = await attempt(process.execPath, [shortened.file], { cwd: shortened.folder });
    if (refused.status === 0 || !refuses.test(refused.output))
      throw new Error(`without keepNames:\n${endOf(refused.output)}`);
    return versions(bench, installation);
  },
};

export const bundles = [
  oneFile({ title: 'NestJS 11, CommonJS', installation: 'nest-11' }),
  oneFile({ title: 'NestJS 12, ESM', installation: 'nest-12', modules: 'esm' }),
  sameNames,
];
