// Builds the page of the dashboard from libs/cache-infra/src/dashboard/page/client: one script of all modules, one
// style sheet, the document. The bundle of the library and the transform of Jest take the result as a module, so that
// an application that is bundled itself has the page, too.
import { readFile, readdir } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';

import { rollup } from 'rollup';
import ts from 'typescript';

import { root } from './process.mjs';

export const client = join(root, 'libs', 'cache-infra', 'src', 'dashboard', 'page', 'client');

/** The module that declares the files of the page: its compiled form is replaced by `pageModule()`. */
export const contentModule = /[\\/]dashboard[\\/]page[\\/]content\.[jt]s$/;

/** The code of a module that exports the files of the page as `pageContent`. */
export async function pageModule() {
  return `export const pageContent = ${JSON.stringify(await buildPage())};\n`;
}

/** The files of the page by their address. */
export async function buildPage() {
  const text = (name) => readFile(join(client, name), 'utf8');
  return {
    'index.html': { type: 'text/html; charset=utf-8', body: await text('index.html') },
    'assets/app.js': { type: 'text/javascript; charset=utf-8', body: await script('main.ts') },
    'assets/theme.js': { type: 'text/javascript; charset=utf-8', body: await script('theme.ts') },
    'assets/app.css': { type: 'text/css; charset=utf-8', body: await styles() },
    'assets/icon.svg': { type: 'image/svg+xml', body: await text('icon.svg') },
  };
}

async function script(entry) {
  const bundle = await rollup({ input: join(client, entry), plugins: [typescript] });
  const { output } = await bundle.generate({ format: 'es', generatedCode: 'es2015', indent: '' });
  await bundle.close();
  return output[0].code;
}

/** Types are checked by `npm run typecheck`. */
const typescript = {
  name: 'typescript',
  resolveId: (id, importer) =>
    importer !== undefined && id.startsWith('.')
      ? resolve(dirname(importer), id.replace(/\.js$/, '.ts'))
      : undefined,
  transform: (code) => {
    const { ES2022: target } = ts.ScriptTarget;
    const compilerOptions = { target, module: ts.ModuleKind.ESNext, removeComments: true };
    return { code: ts.transpileModule(code, { compilerOptions }).outputText, map: null };
  },
};

/** All style sheets in the order of their names, without comments and indentation. */
async function styles() {
  const names = (await readdir(join(client, 'styles'))).filter((name) => name.endsWith('.css')).sort();
  const sheets = await Promise.all(names.map((name) => readFile(join(client, 'styles', name), 'utf8')));
  return sheets
    .join('\n')
    .replace(/\/\*[^]*?\*\//g, '')
    .replace(/\n\s*/g, '\n')
    .trim();
}
