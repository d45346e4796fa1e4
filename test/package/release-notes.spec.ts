import { importTool, readJson, readText } from '../support/repository.js';

interface Notes {
  releasedChangelog(changelog: string, version: string, date: Date): string;
  lockFileWith(lockFile: string, versions: Record<string, string>): string;
}

const { releasedChangelog, lockFileWith } = await importTool<Notes>('scripts/lib/release-notes.mjs');
const date = new Date('2027-02-03T12:00:00Z');

describe('the changelog of a release', () => {
  it('has the unreleased changes under the version, and an empty section for the next', () => {
    const before = '# Changes\n\n## Unreleased\n\n### Added\n\n- One.\n\n## 0.1.0\n\nThe first.\n';

    expect(releasedChangelog(before, '0.2.0', date)).toBe(
      '# Changes\n\n## Unreleased\n\n## 0.2.0\n\nReleased on 2027-02-03.\n\n### Added\n\n- One.\n\n## 0.1.0\n\nThe first.\n',
    );
  });

  it('loses no line of the real one', async () => {
    const before = await readText('libs/cache-infra/CHANGELOG.md');
    const lines = releasedChangelog(before, '9.9.9', date).split('\n');

    expect(before.split('\n').filter((line) => !lines.includes(line))).toEqual([]);
    expect(lines.filter((line) => line.startsWith('## '))).toEqual(
      expect.arrayContaining(['## Unreleased', '## 9.9.9', '## 0.1.0']),
    );
  });

  it.each([
    ['has no section of unreleased changes', '# Changes\n', /no line "## Unreleased"/],
    ['has an empty one', '# Changes\n\n## Unreleased\n\n## 0.1.0\n', /no change under "## Unreleased"/],
    ['has the version', '## Unreleased\n\n- One.\n\n## 0.2.0\n', /"## 0.2.0" already/],
  ])('is refused when the file %s', (_, text, message) => {
    expect(() => releasedChangelog(text, '0.2.0', date)).toThrow(message);
  });
});

describe('the lock file of a release', () => {
  it('changes in the versions of the workspaces alone', async () => {
    const before = await readText('package-lock.json');
    const after = lockFileWith(before, { 'libs/cache-infra': '9.9.9' });

    const lines = before.split('\n');
    const changed = after.split('\n').filter((line, i) => line !== lines[i]);
    expect(changed).toEqual(['      "version": "9.9.9",']);
  });

  it('is refused for a folder that is no workspace', async () => {
    const before = await readText('package-lock.json');
    expect(() => lockFileWith(before, { 'libs/other': '9.9.9' })).toThrow(/no workspace "libs\/other"/);
  });
});

describe('a release', () => {
  it('is of the library alone: the demo takes every version of it, and is not published', async () => {
    expect(await readJson('apps/demo/package.json')).toMatchObject({
      private: true,
      dependencies: { 'nestjs-cache-infra': '*' },
    });
    expect(await readJson('.changeset/config.json')).toMatchObject({ access: 'public', changelog: false });
  });

  it('leads from npm back to the sources', async () => {
    const manifest = await readJson<Record<string, unknown>>('libs/cache-infra/package.json');
    const home = 'https://github.com/nestjs-cache-infra/nestjs-cache-infra';

    expect(manifest).toMatchObject({
      homepage: expect.stringContaining(home),
      repository: { type: 'git', url: `git+${home}.git`, directory: 'libs/cache-infra' },
      bugs: { url: `${home}/issues` },
      publishConfig: { access: 'public' },
      license: 'MIT',
    });
    expect(manifest['keywords']).toEqual(expect.arrayContaining(['nestjs', 'cache', 'redis']));
    expect(manifest).not.toHaveProperty('funding');
  });
});
