import { readJson } from '../support/repository.js';

interface LockFile {
  lockfileVersion: number;
  packages: Record<string, { resolved?: string; link?: boolean; integrity?: string; version?: string }>;
}

describe('package-lock.json', () => {
  it('names no registry but the public one', async () => {
    const { packages } = await readJson<LockFile>('package-lock.json');
    const hosts = Object.values(packages).flatMap(({ resolved, link }) =>
      resolved === undefined || link === true ? [] : new URL(resolved).host,
    );

    expect(hosts.filter((host) => host !== 'registry.npmjs.org')).toEqual([]);
  });

  it('holds a checksum for every package', async () => {
    const { packages } = await readJson<LockFile>('package-lock.json');
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
