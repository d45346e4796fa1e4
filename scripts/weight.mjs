// Prints what the package costs an application beside its goals: `node scripts/weight.mjs`. It packs the library,
// installs it into an empty folder, and imports it into fresh processes by turns with NestJS alone.
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { packLibrary } from './lib/pack.mjs';
import { endWithThisProcess, run } from './lib/process.mjs';
import { bytesOnDisk } from './lib/weight.mjs';

const rounds = 21;

endWithThisProcess();
const folder = await mkdtemp(join(tmpdir(), 'nestjs-cache-infra-weight-'));
try {
  await report(await packLibrary(folder));
} finally {
  await rm(folder, { recursive: true, force: true });
}

async function report({ archive, bytes }) {
  await npmInstall('--omit=peer', archive);
  const packages = await installedIn(join(folder, 'node_modules'));
  let total = 0;
  for (const path of packages) {
    const size = await bytesOnDisk(path);
    total += size;
    console.log(`  ${(size / 1e6).toFixed(1).padStart(5)} MB  ${path.split('node_modules/').at(-1)}`);
  }
  line('packages', packages.length, 11);
  line('installed', total / 1e6, 9, 'MB');
  line('tarball', bytes / 1e3, 400, 'kB');

  await npmInstall('@nestjs/common@12', '@nestjs/core@12', 'reflect-metadata', 'rxjs');
  for (const [name, load] of [
    ['import', (id) => `await import('${id}');`],
    ['require', (id) => `require('${id}');`],
  ]) {
    line(`${name} over NestJS`, await costOfLoading(load, name === 'import' ? 'mjs' : 'cjs'), 60, 'ms');
  }
  line('own files loaded', await ownFiles(), 15);
}

function line(what, value, goal, unit = '') {
  const shown = Number.isInteger(value) ? value : value.toFixed(1);
  const verdict = value <= goal ? 'reached' : 'MISSED';
  console.log(
    `${what.padEnd(20)} ${`${shown} ${unit}`.padStart(10)}   goal: at most ${goal} ${unit} ${verdict}`,
  );
}

/** The median of the time that a process takes to load NestJS and the library, less that to load NestJS alone. */
async function costOfLoading(load, extension) {
  const nest = ['@nestjs/common', '@nestjs/core'].map(load).join('\n');
  const programs = { without: nest, with: `${nest}\n${load('nestjs-cache-infra')}` };
  for (const [name, code] of Object.entries(programs))
    await writeFile(
      join(folder, `${name}.${extension}`),
      `const start = performance.now();\n${code}\nconsole.log(performance.now() - start);\n`,
    );
  const times = { without: [], with: [] };
  for (let round = 0; round < rounds; round++) {
    for (const name of Object.keys(programs)) {
      const { output } = await run(process.execPath, [`${name}.${extension}`], { cwd: folder, show: false });
      times[name].push(Number(output));
    }
  }
  return median(times.with) - median(times.without);
}

function median(numbers) {
  return numbers.sort((a, b) => a - b)[Math.floor(numbers.length / 2)];
}

async function ownFiles() {
  const code = `require('nestjs-cache-infra');
    console.log(Object.keys(require.cache).filter((file) => file.includes('nestjs-cache-infra/dist')).length);`;
  const { output } = await run(process.execPath, ['-e', code], { cwd: folder, show: false });
  return Number(output);
}

async function npmInstall(...args) {
  const options = ['--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error', '--prefix', folder];
  const { status, output } = await run('npm', ['install', ...options, ...args], { cwd: folder, show: false });
  if (status !== 0) throw new Error(`npm install ended with ${status}:\n${output}`);
}

/** The folders of all packages in a `node_modules`. */
async function installedIn(modules) {
  const found = [];
  for (const name of await readdir(modules)) {
    if (name.startsWith('.')) continue;
    const names = name.startsWith('@')
      ? (await readdir(join(modules, name))).map((own) => join(name, own))
      : [name];
    for (const one of names) {
      const path = join(modules, one);
      found.push(path);
      found.push(...(await installedIn(join(path, 'node_modules')).catch(() => [])));
    }
  }
  return found;
}
