// Writes what `exports` of package.json names: for each entry point a CommonJS file and an ES module.
import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { program } from './entry-points.mjs';

/** Writes `<entry>.cjs` and `<entry>.mjs`, and of a program only the latter. */
export async function writeDoors(entries, dist) {
  for (const [name, entry] of Object.entries(entries)) {
    if (name in program) {
      const file = join(dist, `${name}.mjs`);
      await writeFile(file, `#!/usr/bin/env node\n${esmOf(entry)}`);
      await chmod(file, 0o755);
      continue;
    }
    await writeFile(join(dist, `${name}.cjs`), commonJsOf(entry));
    await writeFile(join(dist, `${name}.mjs`), esmOf(entry));
  }
}

function commonJsOf({ file, exports, packages }) {
  return [
    `'use strict';`,
    '',
    `Object.defineProperty(exports, '__esModule', { value: true });`,
    `const entry = require('./${file}')({`,
    ...packages.map((id) => `  '${id}': require('${id}'),`),
    '});',
    ...exports.map((name) => `exports.${name} = entry.${name};`),
    '',
  ].join('\n');
}

function esmOf({ file, exports, packages }) {
  return [
    ...packages.map((id, i) => `import * as package${i} from '${id}';`),
    `import open from './${file}';`,
    '',
    `${exports.length === 0 ? '' : 'const entry = '}open({`,
    ...packages.map((id, i) => `  '${id}': package${i},`),
    '});',
    ...exports.map((name) => `export const ${name} = entry.${name};`),
    '',
  ].join('\n');
}
