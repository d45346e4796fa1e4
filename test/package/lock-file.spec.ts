import { readJson } from '../support/repository.js';

interface Entry {
  resolved?: string;
  link?: boolean;
  integrity?: string;
  version?: string;
  dependencies?: Record<string, string>;
  devDependencies?: Record<string, string>;
  optionalDependencies?: Record<string, string>;
}
interface LockFile {
  lockfileVersion: number;
  packages: Record<string, Entry>;
}

/** Whether a package finds another one, as Node looks for it: beside itself, then in each folder above. */
function isFound(packages: LockFile['packages'], name: string, from: string): boolean {
  const parts = from.split('/');
  const folders = parts.map((_, i) => `${parts.slice(0, parts.length - i).join('/')}/`);
  return ['', ...folders].some((folder) => `${folder}node_modules/${name}` in packages);
}

const lockFiles = [
  ['package-lock.json', 500],
  ['website/package-lock.json', 100],
  ['scripts/release/package-lock.json', 50],
] as const;

describe.each(lockFiles)('%s', (file, least) => {
  it('names no registry but the public one', async () => {
    const { packages } = await readJson<LockFile>(file);
    const hosts = Object.values(packages).flatMap(({ resolved, link }) =>
      resolved === undefined || link === true ? [] : new URL(resolved).host,
    );

    expect(hosts.filter((host) => host !== 'registry.npmjs.org')).toEqual([]);
  });

  it('holds every package that another one names, so that npm ci takes it', async () => {
    const { packages } = await readJson<LockFile>(file);
    const missing = Object.entries(packages).flatMap(([folder, entry]) =>
      Object.keys({ ...entry.dependencies, ...entry.devDependencies, ...entry.optionalDependencies })
        .filter((name) => !isFound(packages, name, folder))
        .map((name) => `${folder} needs ${name}`),
    );

    expect(Object.keys(packages).length).toBeGreaterThan(least);
    expect(missing).toEqual([]);
  });

  it('holds a checksum for every package', async () => {
    const { packages } = await readJson<LockFile>(file);
    const without = Object.entries(packages)
      .filter(
        ([path, { link, integrity }]) =>
          path.includes('node_modules/') && link !== true && integrity === undefined,
      )
      .map(([path]) => path);

    expect(without).toEqual([]);
  });
});

describe('package.json', () => {
  it('keeps installation analytics off', async () => {
    expect(await readJson('package.json')).toMatchObject({ scarfSettings: { enabled: false } });
  });
});
