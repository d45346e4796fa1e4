// Bundles the declarations. They are written once, for CommonJS; those of the ES modules are the same ones exported
// anew, so that a class is one type, however a program came by it.
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { rollup } from 'rollup';
import { dts } from 'rollup-plugin-dts';

import { entryPoints, isExternal } from './entry-points.mjs';

/** Packages that are ESM only from some major on: a declaration for CommonJS must not `require` them. */
const esmOnly = /^@nestjs\//;

/** Writes `<entry>.d.cts` and `<entry>.d.mts`, and what entry points share into `types/`. */
export async function writeDeclarations(compiled, dist) {
  const bundle = await rollup({
    input: Object.fromEntries(
      Object.entries(entryPoints).map(([name, module]) => [name, join(compiled, `${module}.d.ts`)]),
    ),
    external: isExternal,
    onLog(level, log, handle) {
      // A type that is part of a public one and has no public name: it is shown, and cannot be imported.
      if (log.message.includes('private shared type exports')) return;
      handle(level === 'warn' ? 'error' : level, log);
    },
    plugins: [dts()],
  });
  const { output } = await bundle.generate({
    format: 'es',
    entryFileNames: '[name].d.cts',
    chunkFileNames: ({ name }) => `types/${name.replace(/\.d$/, '')}.d.cts`,
  });
  await bundle.close();

  for (const { fileName, code } of output) {
    const file = join(dist, fileName);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, forCommonJs(code));
  }
  for (const name of Object.keys(entryPoints))
    await writeFile(join(dist, `${name}.d.mts`), `export * from './${name}.cjs';\n`);
}

/** Imports types only, and those of packages that may be ESM only as an ES module would. */
function forCommonJs(code) {
  return code
    .replace(/^import '[^']+';\n/gm, '')
    .replace(/^import (.+?) from '([^']+)';$/gm, (line, names, id) => {
      if (!isExternal(id)) return `import ${names} from '${id.replace(/\.d\.cts$|\.[cm]?js$/, '')}.cjs';`;
      const mode = esmOnly.test(id) ? ` with { 'resolution-mode': 'import' }` : '';
      return `import type ${names} from '${id}'${mode};`;
    });
}
