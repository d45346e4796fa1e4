import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';

import { importTool, readJson, readText, readYaml, root } from '../support/repository.js';

interface Tests {
  jobs: Record<
    'cache-unit-tests' | 'cache-integration-tests',
    { strategy: { matrix: { 'node-version': number[]; server: string[] } } }
  >;
}
interface Manifest {
  engines: { node: string };
  dependencies: Record<string, string>;
  peerDependencies: Record<string, string>;
}

const { cells } = await importTool<{ cells: { title: string; group: string }[] }>(
  'scripts/lib/matrix/cells.mjs',
);

/** The versions of a row of the table in docs/support.md. */
async function supported(what: string): Promise<string[]> {
  const row = new RegExp(`^\\| ${what} +\\|([^|]+)\\|`, 'm').exec(await readText('docs/support.md'));
  return (row?.[1] ?? '').split(/[,;]/).map((version) => version.trim());
}
/** What the titles of the cells of the matrix name at this place. */
const inTitles = (pattern: RegExp): string[] => [
  ...new Set(cells.flatMap(({ title }) => pattern.exec(title)?.[1] ?? [])),
];

const forms = (await readdir(join(root, '.github/ISSUE_TEMPLATE'))).filter((name) => name !== 'config.yml');

describe('docs/support.md names', () => {
  const matrix = async (job: keyof Tests['jobs']) =>
    (await readYaml<Tests>('.github/workflows/cache-tests.yml')).jobs[job].strategy.matrix;
  const manifest = () => readJson<Manifest>('libs/cache-infra/package.json');

  it('the versions of Node that every suite runs on', async () => {
    const versions = (await supported('Node')).map(Number);

    expect(versions).toEqual((await matrix('cache-unit-tests'))['node-version']);
    expect(versions).toEqual((await matrix('cache-integration-tests'))['node-version']);
    expect(await readText('docs/support.md')).toContain(
      `Node ${(await manifest()).engines.node.replace('>=', '')} or later`,
    );
  });

  it('the servers that the tests run against', async () => {
    const named = [
      ...(await supported('Redis')).map((version) => `redis:${version}-alpine`),
      ...(await supported('Valkey')).map((version) => `valkey/valkey:${version}-alpine`),
    ];

    expect(named).toEqual((await matrix('cache-integration-tests')).server);
  });

  it('the versions of NestJS that applications are tried with, which the peers allow', async () => {
    const versions = await supported('NestJS');
    const { peerDependencies } = await manifest();

    expect(versions.toSorted()).toEqual(inTitles(/^NestJS ([\d.]+), .*on Express and Fastify$/).toSorted());
    expect(peerDependencies['@nestjs/common']).toBe('^10.4.0 || ^11.0.0 || ^12.0.0');
    expect(await supported('HTTP adapters')).toEqual(['Express', 'Fastify']);
  });

  it('the module systems that applications are tried with', async () => {
    const tried = inTitles(/^NestJS [\d.]+, (\w+), on Express and Fastify$/);

    expect((await supported('modules')).toSorted()).toEqual(tried.toSorted());
  });

  it('the versions of TypeScript that the declarations are compiled with', async () => {
    expect(await supported('TypeScript')).toEqual(inTitles(/^TypeScript ([\d.]+),/));
  });

  it('the clients that applications bring, and the one that the package brings', async () => {
    const [own, brought] = await supported('ioredis');

    expect((await manifest()).dependencies['ioredis']).toBe(`^${String(own)}.0.0`);
    expect(brought).toBe(`${String(inTitles(/^ioredis ([\d.]+),/)[0])} as a client of your own`);
    expect(await supported('iovalkey')).toEqual([
      `${String(inTitles(/^iovalkey ([\d.]+),/)[0])} as a client of your own`,
    ]);
  });

  it('only what passed, by the table that the matrix wrote last', async () => {
    const [, passed, all] = /(\d+) of (\d+) passed/.exec(await readText('docs/compatibility.md')) ?? [];

    expect(Number(all)).toBe(cells.length);
    expect(passed).toBe(all);
  });
});

describe.each(['CONTRIBUTING.md', 'SECURITY.md', 'docs/decisions/releases.md'])('%s', (page) => {
  it('names files that exist', async () => {
    const text = await readText(page);
    const paths = text.match(/(?<=`)(?:libs|test|scripts|docs|apps|\.github)\/[\w./-]+(?=`)/g) ?? [];

    expect(paths.length).toBeGreaterThan(1);
    expect(paths.filter((path) => !existsSync(join(root, path)))).toEqual([]);
  });

  it('names targets of the Makefile', async () => {
    const makefile = await readText('Makefile');
    const targets = (await readText(page)).match(/(?<=`make )[\w-]+/g) ?? [];

    expect(targets.filter((target) => !makefile.includes(`\n${target}:`))).toEqual([]);
  });
});

describe('SECURITY.md', () => {
  it('gives each defence the test of it', async () => {
    const text = await readText('SECURITY.md');
    const [, section = ''] = /### What is defended[^\n]*\n([^]*?)\n### /.exec(text) ?? [];
    const defences = section.split(/^- /m).slice(1);

    expect(defences.length).toBeGreaterThan(12);
    expect(defences.filter((defence) => !/`(?:libs|test)\/[\w./-]+\.spec\.ts`\s*$/.test(defence))).toEqual(
      [],
    );
  });
});

describe('the forms for issues', () => {
  it.each(forms)('%s has what GitHub asks of a form', async (name) => {
    interface Form {
      name?: string;
      description?: string;
      body: { type: string; id?: string; attributes: { label?: string } }[];
    }
    const form = await readYaml<Form>(`.github/ISSUE_TEMPLATE/${name}`);

    expect(form.name).toBeTruthy();
    expect(form.description).toBeTruthy();
    const types = ['markdown', 'textarea', 'input', 'dropdown', 'checkboxes'];
    expect(form.body.filter(({ type }) => !types.includes(type))).toEqual([]);
    expect(form.body.filter(({ attributes }) => !attributes.label)).toEqual([]);
    const ids = form.body.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
  });
});

it('the README fits a screen: at most 150 lines of at most 120 characters', async () => {
  const lines = (await readText('README.md')).trimEnd().split('\n');

  expect(lines.length).toBeLessThanOrEqual(150);
  expect(lines.filter((line) => [...line].length > 120)).toEqual([]);
});
