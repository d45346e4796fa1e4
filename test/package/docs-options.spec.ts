import { join } from 'node:path';

import ts from 'typescript';

import * as table from '../../libs/cache-infra/src/cache/contract/option-table.js';
import * as environment from '../../libs/cache-infra/src/config/environment.js';
import * as options from '../../libs/cache-infra/src/config/options.js';
import * as presets from '../../libs/cache-infra/src/config/presets.js';
import { cacheVariables } from '../../libs/cache-infra/src/testing/environment.js';
import { importTool, readText, root } from '../support/repository.js';

type Modules = Readonly<Record<'table' | 'options' | 'presets' | 'environment', object>>;
interface OptionDocs {
  readonly page: string;
  optionTables(modules: Modules): Promise<Readonly<Record<string, string>>>;
  withTables(text: string, tables: Readonly<Record<string, string>>): string;
}

const { page, optionTables, withTables } = await importTool<OptionDocs>('scripts/lib/option-docs.mjs');
const modules = { table, options, presets, environment };
/** The tables with one entry replaced. */
const withEntry = (entry: object): Modules => ({
  ...modules,
  table: { ...table, baseOptions: { ...table.baseOptions, ...entry } },
});

describe('docs/configuration.md', () => {
  it('has its tables as the option table says: run `node scripts/option-docs.mjs`', async () => {
    const text = await readText(page);
    expect(withTables(text, await optionTables(modules))).toBe(text);
  });

  it('a default that differs from its comment is refused', async () => {
    const wrong = withEntry({ grace: { ...table.baseOptions.grace, default: '1s' } });
    await expect(optionTables(wrong)).rejects.toThrow('grace: its comment says @default 0, its entry "1s"');
  });

  it('an option without a comment is refused', async () => {
    const bare = withEntry({ secret: table.baseOptions.grace });
    await expect(optionTables(bare)).rejects.toThrow('secret has no doc comment');
  });

  it('a table without a place in the page, and a place without a table, is refused', async () => {
    expect(() => withTables('', { base: '' })).toThrow('lacks the tables base');
    expect(() => withTables('<!-- options: none -->\n\n<!-- end -->', {})).toThrow('no table is called none');
  });
});

/** The first words of a column of the tables of a page, by the name in the first column. */
function columnOf(text: string, column: number): Map<string, string> {
  const rows = [...text.matchAll(/^\| +`(\w+)` .*\|$/gm)];
  const words = (row: string) =>
    row
      .split('|')
      [column]?.replaceAll(/[`*]/g, '')
      .trim()
      .split(/[;:( =]/)[0] ?? '';
  return new Map(rows.map(([row, name = '']) => [name, words(row)]));
}

describe('docs/loading.md', () => {
  it('has the defaults of docs/configuration.md for the options that a cache has, too', async () => {
    const [, options = ''] = /^## The options$(.*?)^## /ms.exec(await readText('docs/loading.md')) ?? [];
    const stated = columnOf(options.replaceAll(/^(?!.*\*\*).*$/gm, ''), 2);
    const defaults = columnOf(await readText(page), 3);
    const wanted = [...stated.keys()].map((name) => [
      name,
      defaults.get(name === 'ttl' ? 'defaultTtl' : name),
    ]);

    expect(stated.size).toBeGreaterThan(8);
    expect([...stated]).toEqual(wanted);
  });
});

describe('the environment', () => {
  it('is cleared of every variable of the library for tests', () => {
    const known: readonly string[] = cacheVariables;
    expect(environment.variableNames.filter((name) => !known.includes(name))).toEqual([]);
  });
});

/** The declarations that the library ships, by path: as the build writes them. */
function declarations(entry: string): Map<string, string> {
  const { config } = ts.readConfigFile(join(root, 'libs/cache-infra/tsconfig.build.json'), (path) =>
    ts.sys.readFile(path),
  ) as { config: object };
  const { options: given } = ts.parseJsonConfigFileContent(config, ts.sys, join(root, 'libs/cache-infra'));
  const compiler = { ...given, rootDir: join(root, 'libs/cache-infra/src'), noEmit: false };
  const program = ts.createProgram([entry], { ...compiler, emitDeclarationOnly: true });
  const written = new Map<string, string>();
  program.emit(undefined, (path, text) => written.set(path.replace('/dist/', '/src/'), text));
  return written;
}

/** The options of a type, with what an editor shows of each. */
function documentation(files: Map<string, string>, path: string, type: string): Map<string, string> {
  const compiler = { strict: true, module: ts.ModuleKind.NodeNext, skipLibCheck: true };
  const host = ts.createCompilerHost(compiler);
  const { fileExists, readFile } = host;
  const source = (name: string) => files.get(name);
  // The declarations stand where their sources do: those must not be found.
  const isOurs = (name: string) => name.startsWith(join(root, 'libs/cache-infra/src'));
  host.fileExists = (name) => (isOurs(name) ? files.has(name) : fileExists(name));
  host.readFile = (name) => source(name) ?? readFile(name);
  const program = ts.createProgram([path], compiler, host);
  const checker = program.getTypeChecker();
  const file = program.getSourceFile(path);
  const module = file && checker.getSymbolAtLocation(file);
  const symbol = module && checker.getExportsOfModule(module).find(({ name }) => name === type);
  const properties = symbol === undefined ? [] : checker.getDeclaredTypeOfSymbol(symbol).getProperties();
  return new Map(
    properties.map((property) => [
      property.name,
      ts.displayPartsToString(property.getDocumentationComment(checker)),
    ]),
  );
}

describe('an editor', () => {
  const folder = join(root, 'libs/cache-infra/src/config');
  let files: Map<string, string>;
  beforeAll(() => {
    files = declarations(join(folder, 'options.ts'));
  }, 120_000);

  it('shows of each option what it does, from the declarations that the library ships', () => {
    const shown = documentation(files, join(folder, 'options.d.ts'), 'CacheConfig');
    expect([...shown.keys()].sort()).toEqual(Object.keys(options.configOptions).sort());
    expect([...shown].filter(([, text]) => text === '')).toEqual([]);
    expect(shown.get('commandTimeout')).toMatch(/^Longest silence of Redis/);
  }, 120_000);

  it('shows the same of each option under `advanced`', () => {
    const contract = join(folder, '../cache/contract/option-table.d.ts');
    const shown = documentation(files, contract, 'AdvancedOptions');
    expect([...shown.keys()].sort()).toEqual(Object.keys(table.advancedOptions).sort());
    expect([...shown].filter(([, text]) => text === '')).toEqual([]);
    expect(shown.get('breakerThreshold')).toMatch(/^Failures in a row/);
  }, 120_000);
});
