// Writes the tables of docs/configuration.md from the option table: `node scripts/option-docs.mjs`.
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import { modules, optionTables, page, withTables } from './lib/option-docs.mjs';
import { root } from './lib/process.mjs';
import './lib/typescript.mjs';

const source = (file) => pathToFileURL(join(root, 'libs', 'cache-infra', 'src', `${file}.ts`)).href;
const loaded = await Promise.all(
  Object.entries(modules).map(async ([name, file]) => [name, await import(source(file))]),
);
const path = join(root, page);
const before = await readFile(path, 'utf8');
const after = withTables(before, await optionTables(Object.fromEntries(loaded)));
await writeFile(path, after);
console.log(after === before ? `${page} is up to date.` : `${page} is written.`);
