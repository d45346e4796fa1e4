import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { headingsOf } from '../support/guides.js';
import { execute, importTool, readJson, readText, root } from '../support/repository.js';

interface Packing {
  packLibrary(directory: string): Promise<{ archive: string; files: string[] }>;
}

const { packLibrary } = await importTool<Packing>('scripts/lib/pack.mjs');
const slow = 180_000;
const repository = 'https://github.com/nestjs-cache-infra/nestjs-cache-infra';

interface Manifest {
  version: string;
  homepage?: string;
  repository?: { type: string; url: string; directory: string };
  bugs?: { url: string };
  author?: string;
  exports: Record<string, Record<'import' | 'require', { types: string; default: string }> | string>;
  dependencies: Record<string, string>;
  peerDependencies: Record<string, string>;
  peerDependenciesMeta: Partial<Record<string, { optional?: boolean }>>;
}

/**
 * A project that has the packed library in its node_modules, and of the library's optional peers only those that an
 * entry point imports.
 */
let consumer: string;
let files: string[];
let manifest: Manifest;

beforeAll(async () => {
  manifest = await readJson<Manifest>('libs/cache-infra/package.json');
  consumer = await mkdtemp(join(tmpdir(), 'nestjs-cache-infra-consumer-'));
  files = await packInto(consumer);
  // `nestjs-cache-infra/config`, `/prometheus`, `/otel` and `/langchain` are for applications that have their packages.
  const needed = new Set([
    ...neededBy(manifest),
    'class-validator',
    'prom-client',
    '@opentelemetry/api',
    '@langchain/core',
    '@types/node',
  ]);
  // A set tells also what is added while it is walked: what the packages themselves need comes along.
  for (const name of needed) {
    await linkPackage(name);
    for (const next of neededBy(await readJson<Partial<Manifest>>(`node_modules/${name}/package.json`)))
      needed.add(next);
  }
  await writeFile(join(consumer, 'package.json'), '{ "name": "consumer", "type": "module" }');
}, slow);

afterAll(() => rm(consumer, { recursive: true, force: true }));

/** What npm would install with a package. */
function neededBy({
  dependencies,
  peerDependencies,
  peerDependenciesMeta = {},
}: Partial<Manifest>): string[] {
  return Object.keys({ ...dependencies, ...peerDependencies }).filter(
    (name) => peerDependenciesMeta[name]?.optional !== true,
  );
}

/** Unpacks the packed library as npm would install it. */
async function packInto(directory: string): Promise<string[]> {
  const packed = await packLibrary(directory);
  const installed = join(directory, 'node_modules', 'nestjs-cache-infra');
  await mkdir(installed, { recursive: true });
  await execute('tar', ['-xzf', packed.archive, '-C', installed, '--strip-components=1']);
  return packed.files;
}

async function linkPackage(name: string): Promise<void> {
  const link = join(consumer, 'node_modules', name);
  await mkdir(join(link, '..'), { recursive: true });
  await symlink(join(root, 'node_modules', name), link);
}

/** What a program of the consumer prints. */
async function runInConsumer(file: string, code: string): Promise<string> {
  await writeFile(join(consumer, file), code);
  return execute(process.execPath, ['--preserve-symlinks', file], { cwd: consumer });
}

/** The specifiers of the entry points: `nestjs-cache-infra`, `nestjs-cache-infra/testing`, ... */
function entryPoints(): string[] {
  return Object.keys(manifest.exports)
    .filter((path) => !path.endsWith('.json'))
    .map((path) => `nestjs-cache-infra${path.slice(1)}`);
}

/** A file of the package. */
function textOf(path: string): Promise<string> {
  return readFile(join(consumer, 'node_modules/nestjs-cache-infra', path), 'utf8');
}

/** Addresses in the repository, and in a page its links within the package. */
function pointersIn(text: string, isPage: boolean): string[] {
  const addresses = [...text.matchAll(new RegExp(`${repository}/(?:blob|tree)/main/([\\w./#-]+)`, 'g'))];
  const pages = [...text.matchAll(/guideUrl\('([^']+)'\)/g)].map(
    ([, page = '']) => `repository:docs/${page}`,
  );
  const links = isPage ? [...text.matchAll(/\]\((?!https?:)([^)\s]+)\)/g)] : [];
  return [
    ...addresses.map(([, path = '']) => `repository:${path}`),
    ...pages,
    ...links.map(([, path = '']) => path),
  ];
}

async function leads(target: string): Promise<boolean> {
  const isOfRepository = target.startsWith('repository:');
  const [path = '', heading] = target.replace('repository:', '').split('#');
  if (!isOfRepository) return files.includes(path);
  const text = await readText(path).catch(() => undefined);
  if (text === undefined) return path === 'docs'; // the beginning of addresses that are put together
  return heading === undefined || headingsOf(text).has(heading);
}

describe('the published package', () => {
  it('holds the build, the licence and the readme', () => {
    expect(files).toEqual(expect.arrayContaining(['package.json', 'LICENSE', 'README.md', 'dist/index.cjs']));
  });

  it('holds no sources and no tests', () => {
    expect(files.filter((path) => /^src\/|\.spec\.|^test\//.test(path))).toEqual([]);
  });

  it('holds every file that its exports name', () => {
    const named = Object.values(manifest.exports).flatMap((target) =>
      typeof target === 'string'
        ? target
        : Object.values(target).flatMap(({ types, default: code }) => [types, code]),
    );

    expect(files).toEqual(expect.arrayContaining(named.map((path) => path.replace('./', ''))));
  });

  it('T86: states its home page, source, issues and author', () => {
    const { homepage, repository, bugs, author } = manifest;
    expect(homepage).toMatch(/^https:\/\//);
    expect(repository).toMatchObject({ type: 'git', directory: 'libs/cache-infra' });
    expect(bugs?.url).toMatch(/^https:\/\//);
    expect(author).not.toBe('');
    expect(author).toBeDefined();
  });

  it('T86: contains its changelog, which begins with its version', async () => {
    expect(files).toContain('CHANGELOG.md');
    const [, newest] = /^## (\d\S*)$/m.exec(await textOf('CHANGELOG.md')) ?? [];
    expect(newest).toBe(manifest.version);
  });

  it('T86: has links that resolve: in its pages, messages and comments', async () => {
    const broken: string[] = [];
    for (const path of files.filter((name) => /\.(md|cjs|cts)$/.test(name))) {
      for (const target of pointersIn(await textOf(path), path.endsWith('.md'))) {
        if (!(await leads(target))) broken.push(`${path}: ${target}`);
      }
    }
    expect(broken).toEqual([]);
  });

  it('T86: links every page that it names and does not contain', async () => {
    const bare: string[] = [];
    for (const path of files.filter((name) => /\.(cjs|cts)$/.test(name))) {
      for (const [page] of (await textOf(path)).matchAll(/(?<![\w/])docs\/[\w/-]+\.md/g))
        bare.push(`${path}: ${page}`);
    }
    expect(bare).toEqual([]);
  });

  it(
    'is imported by ES modules, without its optional peers',
    async () => {
      const code = entryPoints().map((name) => `console.log(typeof await import('${name}'));`);
      const output = await runInConsumer('esm.mjs', code.join('\n'));

      expect(output.trim().split('\n')).toEqual(entryPoints().map(() => 'object'));
    },
    slow,
  );

  it(
    'names the missing package for a YAML configuration of benchmarks',
    async () => {
      const code = `
        import { loadBenchmarkConfig } from 'nestjs-cache-infra/benchmarks';
        await loadBenchmarkConfig('bench.yaml').catch((error) => console.log(error.message));`;

      expect(await runInConsumer('yaml.mjs', code)).toContain("needs the package 'yaml': npm install yaml");
    },
    slow,
  );

  it(
    'is required by CommonJS, and is the same then: a class of one build is that of the other',
    async () => {
      const code = entryPoints().map(
        (name) => `
          const required = require('${name}');
          const imported = await import('${name}');
          const names = Object.keys(required);
          console.log(names.length > 0, Object.keys(imported).sort().join() === names.sort().join());
          console.log(names.filter((name) => required[name] !== imported[name]).join());`,
      );
      const scoped = code.map((lines) => `{${lines}}`).join('\n');

      expect(await runInConsumer('commonjs.cjs', `(async () => {${scoped}})();`)).toBe(
        'true true\n\n'.repeat(entryPoints().length),
      );
    },
    slow,
  );

  it.each(['mts', 'cts'])(
    'has declarations that compile in a strict project: %s',
    async (extension) => {
      const main = `main.${extension}`;
      await writeFile(
        join(consumer, main),
        [
          ...entryPoints().map((name, index) => `export * as entry${index} from '${name}';`),
          `import { InMemoryCache, type Cache } from 'nestjs-cache-infra';`,
          `const cache: Cache = new InMemoryCache({ maxSize: 3 });`,
          `export const value: Promise<string> = cache.getOrSet('key', async () => 'value');`,
          `// @ts-expect-error the loader's type is the value's`,
          `export const wrong: Promise<number> = cache.getOrSet('key', async () => 'value');`,
        ].join('\n'),
      );
      const options = ['--noEmit', '--strict', '--skipLibCheck', 'false', '--target', 'es2023'];
      const modules = ['--module', 'nodenext', '--types', 'node', '--lib', 'es2023,esnext.disposable'];
      const compiler = join(root, 'node_modules/typescript/bin/tsc');
      const output = await execute(
        process.execPath,
        [compiler, ...options, ...modules, '--experimentalDecorators', '--preserveSymlinks', main],
        { cwd: consumer },
      ).catch((error: unknown) => (error as Error).message);

      // What the declarations of others say about each other is theirs to mend.
      expect(
        output.split('\n').filter((line) => /^(main\.|node_modules\/nestjs-cache-infra\/)/.test(line)),
      ).toEqual([]);
    },
    slow,
  );
});
