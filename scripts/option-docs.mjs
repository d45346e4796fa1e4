// Writes the tables of docs/configuration.md from the option table: `node scripts/option-docs.mjs`.
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import { modules, optionTables, page, withTables } from './lib/option-docs.mjs';
import { root, run } from './lib/process.mjs';

const build = await run('npm', ['run', '--silent', 'build', '--workspace', 'nestjs-cache-infra'], {
  show: false,
});
if (build.status !== 0) throw new Error(`The build failed:\n${build.output}`);

const built = (file) => pathToFileURL(join(root, 'libs', 'cache-infra', 'dist', `${file}.js`)).href;
const loaded = await Promise.all(
  Object.entries(modules).map(async ([name, file]) => [name, await import(built(file))]),
);
const path = join(root, page);
const before = await readFile(path, 'utf8');
const after = withTables(before, await optionTables(Object.fromEntries(loaded)));
await writeFile(path, after);
console.log(after === before ? `${page} is up to date.` : `${page} is written.`);
