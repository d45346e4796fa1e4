import { mkdtemp, mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { format } from 'node:util';

import { jest } from '@jest/globals';
import ts from 'typescript';

import {
  inMemoryChecks,
  redisChecks,
  redisServerChecks,
} from '../../libs/cache-infra/src/cache/contract/option-checks.js';
import { configOptions } from '../../libs/cache-infra/src/config/options.js';
import { presetNames } from '../../libs/cache-infra/src/config/preset-names.js';
import { cacheVariables } from '../../libs/cache-infra/src/testing/environment.js';
import { type Block, blocksOf, guidesUnder, headingsOf, proseOf } from '../support/guides.js';
import { readText, root } from '../support/repository.js';

const library = join(root, 'libs', 'cache-infra', 'src');
const guides = [
  'README.md',
  'libs/cache-infra/README.md',
  'apps/demo/README.md',
  ...(await guidesUnder('docs')),
];
const blocks = (await Promise.all(guides.map(blocksOf))).flat();
const snippets = snippetsOf(blocks);
/** A snippet with the text block that follows it: what it prints. */
const runnable = blocks.flatMap((block, index) => {
  const next = blocks[index + 1];
  // The last block of a guide is followed by the first one of the next.
  const isOfSameGuide = next?.where.split(':')[0] === block.where.split(':')[0];
  return block.language === 'ts' && next?.language === 'text' && isOfSameGuide
    ? [{ ...block, output: next.code }]
    : [];
});

interface Snippet {
  readonly where: string;
  readonly code: string;
  /** `database.ts`, if its first line is `// src/database.ts`: other snippets of its page may import it. */
  readonly file: string | undefined;
}

/**
 * The snippets of the guides. On a page whose snippets are files, a block with a difference is the latest file that has
 * its lines, changed.
 */
function snippetsOf(all: readonly Block[]): Snippet[] {
  const found: Snippet[] = [];
  for (const { where, language, code } of all) {
    if (language === 'ts') found.push({ where, code, file: /^\/\/ src\/(\S+)\n/.exec(code)?.[1] });
    const onPage = found.filter((snippet) => pageOf(snippet.where) === pageOf(where));
    if (language !== 'diff' || !onPage.some(({ file }) => file !== undefined)) continue;
    const [before, after] = [linesWithout('+', code), linesWithout('-', code)];
    const changed = onPage.findLast((snippet) => snippet.code.includes(before));
    if (changed === undefined) throw new Error(`${where}: no snippet of the page has the lines before`);
    found.push({ where, code: changed.code.replace(before, () => after), file: changed.file });
  }
  return found;
}

function linesWithout(mark: string, difference: string): string {
  const lines = difference.split('\n').filter((line) => !line.startsWith(mark));
  return lines.map((line) => line.slice(1)).join('\n');
}

function pageOf(where: string): string {
  return where.replace(/:\d+$/, '');
}

/** Those of this repository, for code that is not in its files. */
function compilerOptions(): ts.CompilerOptions {
  const { config } = ts.readConfigFile(join(root, 'tsconfig.json'), (path) => ts.sys.readFile(path)) as {
    config: object;
  };
  const { options } = ts.parseJsonConfigFileContent({ ...config, files: [], include: [] }, ts.sys, root);
  // A snippet shows what one can have, used or not.
  return { ...options, noUnusedLocals: false, types: ['node'] };
}

/** Of an application that Nest 11 creates. */
const asCommonJs: ts.CompilerOptions = {
  module: ts.ModuleKind.CommonJS,
  moduleResolution: ts.ModuleResolutionKind.Bundler,
  verbatimModuleSyntax: false,
};

/** What the compiler says about the snippets, each as a module of its own. */
function compilerErrors(of: readonly Snippet[], differently: ts.CompilerOptions = {}): string[] {
  const options = { ...compilerOptions(), ...differently };
  // A folder for each page; a file that is changed is imported as it is at the end of the page.
  const folderOf = (where: string) => join(root, pageOf(where).replace(/\W/g, '-'));
  const files = new Map(
    of.flatMap(({ where, code, file }) => {
      const names = [`${where.replace(/\W/g, '-')}.snippet.ts`, ...(file === undefined ? [] : [file])];
      return names.map((name) => [join(folderOf(where), name), { where, code }] as const);
    }),
  );
  const folders = new Set(of.map(({ where }) => folderOf(where)));
  const host = ts.createCompilerHost(options);
  const { fileExists, readFile, getSourceFile, directoryExists } = host;
  host.directoryExists = (path) => folders.has(path) || directoryExists?.(path) === true;
  host.fileExists = (path) => files.has(path) || fileExists(path);
  host.readFile = (path) => files.get(path)?.code ?? readFile(path);
  host.getSourceFile = (path, language, ...rest) => {
    const snippet = files.get(path);
    if (snippet === undefined) return getSourceFile(path, language, ...rest);
    return ts.createSourceFile(path, snippet.code, language);
  };

  const program = ts.createProgram([...files.keys()], options, host);
  return [...files].flatMap(([path, { where }]) => {
    const source = program.getSourceFile(path);
    const found = [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)];
    return found.map(({ messageText, start = 0 }) => {
      const line = (source?.getLineAndCharacterOfPosition(start).line ?? 0) + 1;
      return `${where} + ${String(line)}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`;
    });
  });
}

describe('the guides (issue: shown by 7)', () => {
  it('have snippets, and the README has one that runs', () => {
    expect(snippets.length).toBeGreaterThan(1);
    expect(runnable.map(({ where }) => where.split(':')[0])).toContain('README.md');
  });

  it('have snippets that compile', () => {
    expect(compilerErrors(snippets)).toEqual([]);
  }, 120_000);

  it('have snippets for newcomers that compile as CommonJS, too: Nest 11 creates such applications', () => {
    const first = ['README.md', 'libs/cache-infra/README.md', 'docs/index.md', 'docs/start.md'];
    const ofNewcomers = snippets.filter(({ where }) => first.includes(pageOf(where)));

    expect(compilerErrors(ofNewcomers, asCommonJs)).toEqual([]);
  }, 120_000);

  describe('have examples that print the documented output', () => {
    let directory: string;
    beforeAll(async () => {
      // Within the repository, where packages are found.
      await mkdir(join(root, 'test-results'), { recursive: true });
      directory = await mkdtemp(join(root, 'test-results', 'snippets-'));
    });
    afterAll(() => rm(directory, { recursive: true }));

    it.each(runnable)(
      '$where',
      async ({ where, code, output }) => {
        const file = join(directory, `${where.replace(/\W/g, '-')}.ts`);
        // An application in CommonJS starts `main()` and cannot wait for it.
        await writeFile(file, code.replace(/^void main\(\);$/m, 'await main();'));
        const print = jest.spyOn(console, 'log').mockReturnValue();

        await import(file);

        const lines = print.mock.calls.map((args) => format(...args));
        print.mockRestore();
        expect(lines.join('\n')).toBe(output.trimEnd());
      },
      60_000,
    );
  });

  it('seed S11.151 cover what the seed has companion guides for', () => {
    const wanted = ['concepts', 'start', 'caches', 'api-reference', 'benchmarking', 'ai', 'monitoring'];
    const names = [...wanted, 'resilience', 'security', 'testing'].map((name) => `docs/${name}.md`);
    expect(names.filter((name) => !guides.includes(name))).toEqual([]);
  });

  it('have links that lead somewhere', async () => {
    const broken: string[] = [];
    for (const guide of guides) {
      const prose = proseOf(await readText(guide));
      for (const [, target = ''] of prose.matchAll(/\]\(([^)\s]+)\)/g)) {
        if (/^https?:/.test(target)) continue;
        const [path = '', heading] = target.split('#');
        const file = path === '' ? guide : join(guide, '..', path);
        const text = await readText(file).catch(() => undefined);
        const found =
          text === undefined
            ? await isDirectory(file)
            : heading === undefined || headingsOf(text).has(heading);
        if (!found) broken.push(`${guide}: ${target}`);
      }
    }
    expect(broken).toEqual([]);
  });

  it('name existing make targets and npm scripts', async () => {
    const makefile = await readText('Makefile');
    const manifests = await Promise.all(
      ['package.json', 'libs/cache-infra/package.json', 'apps/demo/package.json'].map(readText),
    );
    const missing: string[] = [];
    for (const guide of guides) {
      const text = await readText(guide);
      for (const [, target = ''] of text.matchAll(/(?:`|^|; |&& |=\S+ )make ([a-z][a-z-]*)/gm)) {
        if (!new RegExp(`^${target}:`, 'm').test(makefile)) missing.push(`${guide}: make ${target}`);
      }
      for (const [, script = ''] of text.matchAll(/npm run (?:--\S+ )*([a-z][a-z-]*)/g)) {
        if (!manifests.some((manifest) => manifest.includes(`"${script}":`)))
          missing.push(`${guide}: npm run ${script}`);
      }
    }
    expect(missing).toEqual([]);
  });
});

describe('docs/configuration.md', () => {
  it('names every option, preset and environment variable', async () => {
    const guide = await readText('docs/configuration.md');
    const names = [
      ...Object.keys({
        ...configOptions,
        ...inMemoryChecks,
        ...redisChecks,
        ...redisServerChecks,
      }),
      ...presetNames,
      ...cacheVariables,
    ];

    expect(names.filter((name) => !guide.includes(`\`${name}\``))).toEqual([]);
  });
});

describe('docs/api-reference.md', () => {
  it('names everything that the package exports', async () => {
    const guide = await readText('docs/api-reference.md');
    const entries = ['index.ts', 'testing/index.ts', 'benchmarks/index.ts'].map((path) =>
      join(library, path),
    );
    const program = ts.createProgram(entries, compilerOptions());
    const checker = program.getTypeChecker();
    const names = entries.flatMap((path) => {
      const source = program.getSourceFile(path);
      const module = source && checker.getSymbolAtLocation(source);
      return module === undefined ? [] : checker.getExportsOfModule(module).map(({ name }) => name);
    });

    expect(names).toContain('RedisCache');
    expect(names.filter((name) => !new RegExp(`\`${name}\\b`).test(guide))).toEqual([]);
  }, 60_000);
});

async function isDirectory(path: string): Promise<boolean> {
  return readdir(join(root, path)).then(
    () => true,
    () => false,
  );
}
