// Makes the next version from the files in .changeset: the version in the manifests (by Changesets), the changelog and
// the lock file. The release workflow runs it; `npm ci --prefix scripts/release` installs what it needs.
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { lockFileWith, releasedChangelog } from '../lib/release-notes.mjs';

const root = join(import.meta.dirname, '..', '..');
const changelog = join(root, 'libs/cache-infra/CHANGELOG.md');
const lockFile = join(root, 'package-lock.json');
const versionOf = (folder) => JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8')).version;

const before = versionOf('libs/cache-infra');
execFileSync(join(import.meta.dirname, 'node_modules/.bin/changeset'), ['version'], {
  cwd: root,
  stdio: 'inherit',
});
const version = versionOf('libs/cache-infra');
if (version === before)
  throw new Error(`No file in .changeset raises the version of nestjs-cache-infra: it stays ${before}`);

writeFileSync(changelog, releasedChangelog(readFileSync(changelog, 'utf8'), version, new Date()));
const versions = Object.fromEntries(
  ['libs/cache-infra', 'apps/demo'].map((folder) => [folder, versionOf(folder)]),
);
writeFileSync(lockFile, lockFileWith(readFileSync(lockFile, 'utf8'), versions));
console.log(`nestjs-cache-infra ${before} → ${version}`);
