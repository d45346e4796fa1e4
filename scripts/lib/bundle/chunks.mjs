// Bundles the compiled modules into a few CommonJS files that are handed the application's packages.
//
// Every file of `dist/chunks` exports one function. It takes the packages that are the application's own (the peers:
// NestJS, RxJS), runs the code once, and returns what the code exports. An entry point hands over the packages that it
// has imported itself: by `require` in CommonJS, by `import` in ESM. So both builds run the same code and share its
// classes, symbols and registries; and no chunk has to `require` a package that is ESM only, as NestJS 12 is.
import { mkdir, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';

import { rollup } from 'rollup';
import ts from 'typescript';

import { contentModule, pageModule } from '../dashboard-page.mjs';
import { chunkOf, entryPoints, isExternal, isPeer, loadedOnFirstUse, program } from './entry-points.mjs';

/**
 * Writes `chunks/*.cjs`.
 * @param compiled the folder of the ES modules that TypeScript wrote
 * @returns of every entry point: what it exports, and the peers that its chunks take
 */
export async function writeChunks(compiled, dist) {
  const bundle = await rollup({
    input: inputsOf(compiled),
    external: isExternal,
    onLog(level, log, handle) {
      // `this` at the top of a module is undefined there too: TypeScript's helpers ask for it.
      if (log.code === 'THIS_IS_UNDEFINED') return;
      handle(level === 'warn' ? 'error' : level, log);
    },
    plugins: [dashboardPage, forCommonJs],
  });
  const { output } = await bundle.generate({
    format: 'cjs',
    exports: 'named',
    strict: false,
    interop: (id) => (id === 'cluster-key-slot' ? 'compat' : 'esModule'),
    entryFileNames: 'chunks/[name]-entry.cjs',
    chunkFileNames: 'chunks/[name].cjs',
    manualChunks: (id) => chunkOf(relative(compiled, id)),
    hoistTransitiveImports: false,
    generatedCode: 'es2015',
  });
  await bundle.close();

  await mkdir(join(dist, 'chunks'), { recursive: true });
  for (const { fileName, code } of output) {
    const renamed = code.match(/^class \w+\$\d+/m);
    if (renamed) throw new Error(`two classes of one name: ${renamed[0]}; errors and logs show class names`);
    await writeFile(join(dist, fileName), withoutComments(factoryOf(code)));
  }
  return Object.fromEntries(
    output.filter(({ isEntry }) => isEntry).map((chunk) => [chunk.name, entryOf(chunk, output)]),
  );
}

function inputsOf(compiled) {
  return Object.fromEntries(
    Object.entries({ ...entryPoints, ...program }).map(([name, module]) => [
      name,
      join(compiled, `${module}.js`),
    ]),
  );
}

/** Puts the built page of the dashboard in place of its declaration. */
const dashboardPage = {
  name: 'dashboard-page',
  load: (id) => (contentModule.test(id) ? pageModule() : null),
};

/** An application's bundle of ES modules has no `__filename`. */
const file = `typeof __filename === 'string' ? __filename : 'bundle.cjs'`;

/** What an ES module has and a CommonJS file has not, or not everywhere. */
const forCommonJs = {
  name: 'for-common-js',
  /**
   * An optional package is required: Jest has no `import()` in CommonJS. A path that is given at run time is imported.
   */
  renderDynamicImport: ({ targetModuleId }) =>
    targetModuleId === null || !isPeer(targetModuleId)
      ? null
      : { left: 'Promise.resolve().then(() => module.require(', right: '))' },
  /** The address of the file. */
  resolveImportMeta: (property) =>
    property === 'url' ? `require('node:url').pathToFileURL(${file}).href` : undefined,
};

/**
 * A chunk's code as the function that it exports. A chunk that is imported by `import()` is loaded then. The
 * parentheses have V8 compile the function once, not twice.
 */
function factoryOf(code) {
  const imported = [...new Set([...code.matchAll(/(?<![.\w])require\('([^']+)'\)/g)].map(([, id]) => id))];
  const lazy = new Set([...code.matchAll(/=> require\('(\.[^']+)'\)/g)].map(([, id]) => id));
  const own = imported.filter((id) => !isExternal(id) && !lazy.has(id));
  const peers = imported.filter((id) => isPeer(id));
  return `'use strict';

${own.map((id, i) => `const chunk${i} = require('${id}');\n`).join('')}let made;

module.exports = (packages) => (made ??= run(packages));

const run = (function (packages) {
const exports = {};
${code
  .replace(/(?<![.\w])require\('(\.[^']+)'\)/g, (call, id) =>
    own.includes(id) ? `chunk${own.indexOf(id)}(packages)` : `${call}(packages)`,
  )
  .replace(/(?<![.\w])require\('([^'.][^']*)'\)/g, (call, id) =>
    peers.includes(id) ? `packages['${id}']` : call,
  )
  .replace(/^const (\w+) = require\('([^']+)'\);$/gm, (line, name, id) =>
    loadedOnFirstUse.includes(id) ? lazily(name, id, code) : line,
  )}
return exports;
});
`;
}

/** A package as an object that loads it when a name of it is read. */
function lazily(name, id, code) {
  const names = [
    ...new Set([...code.matchAll(new RegExp(`\\b${name}\\.(\\w+)`, 'g'))].map(([, used]) => used)),
  ];
  const getters = names.map((used) => `  get ${used}() { return require('${id}').${used}; },\n`);
  return `const ${name} = {\n${getters.join('')}};`;
}

/** Removes comments: every start of an application would parse them. The declarations keep theirs. */
function withoutComments(code) {
  const { ESNext: target } = ts.ScriptTarget;
  const compilerOptions = { target, module: ts.ModuleKind.ESNext, removeComments: true };
  // Not `chunk.cjs`: for CommonJS TypeScript makes a `require` of each `import()`.
  return indentedByTabs(ts.transpileModule(code, { compilerOptions, fileName: 'chunk.js' }).outputText);
}

/** Indents by tabs, which makes the package 3 % smaller. Lines that begin within a template literal stay. */
function indentedByTabs(code) {
  const source = ts.createSourceFile('chunk.js', code, ts.ScriptTarget.ESNext, false, ts.ScriptKind.JS);
  const literals = [];
  const visit = (node) => {
    if (ts.isTemplateLiteralToken(node)) literals.push([node.getStart(source), node.end]);
    ts.forEachChild(node, visit);
  };
  visit(source);
  literals.sort(([a], [b]) => a - b);
  let next = 0;
  return code.replace(/^(?: {4})+/gm, (spaces, at) => {
    while (next < literals.length && literals[next][1] <= at) next += 1;
    const isText = next < literals.length && literals[next][0] < at;
    return isText ? spaces : '\t'.repeat(spaces.length / 4);
  });
}

/** An entry point's exports, and the peers that it and the chunks it is made of import. */
function entryOf(entry, output) {
  const byName = new Map(output.map((chunk) => [chunk.fileName, chunk]));
  const needed = new Set([entry.fileName]);
  // A set tells also what is added while it is walked.
  for (const name of needed)
    for (const next of byName.get(name).imports) if (byName.has(next)) needed.add(next);
  const packages = [...needed].flatMap((name) => byName.get(name).imports).filter((id) => isPeer(id));
  return { file: entry.fileName, exports: entry.exports, packages: [...new Set(packages)].sort() };
}
