import { execute, importTool, readJson, readText } from '../support/repository.js';

interface Package {
  name: string;
  version: string;
  licence: string | undefined;
  hasInstallScript: boolean;
}
type Lock = Record<string, { dev?: boolean; license?: string }>;
interface Licences {
  productionPackages(packages: Lock): Promise<Package[]>;
  isAllowed(expression: string | undefined): boolean;
  report(packages: Package[]): { lines: string[]; refused: string[] };
}
interface Manifest {
  dependencies: Record<string, string>;
  peerDependencies: Record<string, string>;
  scripts: Record<string, string>;
}

const { productionPackages, isAllowed, report } = await importTool<Licences>('scripts/lib/licences.mjs');
const { installedWith } = await importTool<{ installedWith(workspace: string): Promise<string[]> }>(
  'scripts/lib/weight.mjs',
);
const lockFile = async () => (await readJson<{ packages: Lock }>('package-lock.json')).packages;

describe('the licences of production', () => {
  it('are allowed, all of them', async () => {
    expect(await execute(process.execPath, ['scripts/licences.mjs'])).toMatch(
      /^MIT \(\d+\): .*\bioredis \d[^]*\d+ packages, all with an allowed licence\n$/m,
    );
  });

  it.each([
    ['MIT', true],
    ['(MIT OR GPL-3.0-only)', true],
    ['MIT AND GPL-3.0-only', false],
    ['GPL-3.0-only', false],
    ['SEE LICENSE IN LICENSE.md', false],
    [undefined, false],
  ])('%s: allowed is %s', (expression, expected) => {
    expect(isAllowed(expression)).toBe(expected);
  });

  it('name the package that has another, or none', () => {
    const own = { version: '1.0.0', hasInstallScript: false };

    expect(
      report([
        { ...own, name: 'good', licence: 'MIT' },
        { ...own, name: 'bad', licence: 'AGPL-3.0-only' },
        { ...own, name: 'silent', licence: undefined },
      ]).refused,
    ).toEqual(['bad 1.0.0: AGPL-3.0-only', 'silent 1.0.0: no licence']);
  });

  it('are those of the library and of the demo, and not those of the tools', async () => {
    const names = (await productionPackages(await lockFile())).map(({ name }) => name);
    const ofLibrary = (await installedWith('libs/cache-infra')).map((path) =>
      path.split('node_modules/').at(-1),
    );

    expect(names).toEqual(expect.arrayContaining([...ofLibrary, 'wink-nlp', '@nestjs/core']));
    expect(names).not.toContain('jest');
  });
});

describe('install scripts', () => {
  it('are in no package that the library brings', async () => {
    const packages = await readJson<{ packages: Record<string, { hasInstallScript?: true }> }>(
      'package-lock.json',
    );
    const folders = await installedWith('libs/cache-infra');

    expect(folders.length).toBeGreaterThan(5);
    expect(folders.filter((folder) => packages.packages[folder]?.hasInstallScript)).toEqual([]);
  });

  it('are not in the library itself', async () => {
    const { scripts } = await readJson<Manifest>('libs/cache-infra/package.json');

    expect(Object.keys(scripts)).not.toEqual(
      expect.arrayContaining([expect.stringMatching(/^(pre|post)?install$|^prepare$/)]),
    );
  });

  it('are in one package of the demo, the analytics of which are off', async () => {
    const scripted = (await productionPackages(await lockFile())).filter(
      ({ hasInstallScript }) => hasInstallScript,
    );

    expect(scripted.map(({ name }) => name)).toEqual(['@scarf/scarf']);
  });

  it('run in no installation that this repository starts', async () => {
    const files = [
      'scripts/lib/install.mjs',
      'Dockerfile',
      'tests.Dockerfile',
      '.github/workflows/release.yml',
    ];
    for (const file of files) {
      const installs = (await readText(file))
        .split('\n')
        .filter((line) => /npm (ci|install)|--no-audit/.test(line) && !/^\s*(\/\/|\*|#)/.test(line));

      expect(installs.length).toBeGreaterThan(0);
      expect(installs.filter((line) => !/--ignore-scripts|npm \$\{/.test(line))).toEqual([]);
    }
  });
});

describe('docs/decisions/dependencies.md', () => {
  it('names every dependency and every peer of the package, with its reason', async () => {
    const page = await readText('docs/decisions/dependencies.md');
    const { dependencies, peerDependencies } = await readJson<Manifest>('libs/cache-infra/package.json');
    const names = Object.keys({ ...dependencies, ...peerDependencies });

    expect(names.length).toBeGreaterThan(10);
    expect(names.filter((name) => !page.includes(`\`${name}\``))).toEqual([]);
  });

  it('names each package of its tables once', async () => {
    const rows = (await readText('docs/decisions/dependencies.md'))
      .split('\n')
      .filter((line) => line.startsWith('| `'));

    expect(rows.length).toBeGreaterThan(20);
    expect(rows.filter((row, i) => rows.indexOf(row) !== i)).toEqual([]);
  });
});
