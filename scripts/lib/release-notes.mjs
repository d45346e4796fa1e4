// What a release changes beside the version that Changesets has written: the changelog and the lock file.

const unreleased = '## Unreleased';

/**
 * The changelog with its unreleased changes under the version, and an empty section for the next ones.
 *
 * @param {string} changelog
 * @param {string} version such as `0.2.0`
 * @param {Date} date of the release
 * @throws Error if there is no section of unreleased changes, if it is empty, or if the version is there already
 */
export function releasedChangelog(changelog, version, date) {
  const lines = changelog.split('\n');
  const start = lines.indexOf(unreleased);
  if (start === -1)
    throw new Error(`CHANGELOG.md has no line "${unreleased}": add it above the newest version`);
  const next = lines.findIndex((line, i) => i > start && line.startsWith('## '));
  const end = next === -1 ? lines.length : next;
  const changes = lines
    .slice(start + 1, end)
    .join('\n')
    .trim();
  if (changes === '')
    throw new Error(`CHANGELOG.md names no change under "${unreleased}": nothing to release`);
  const heading = `## ${version}`;
  if (lines.includes(heading)) throw new Error(`CHANGELOG.md has "${heading}" already`);
  const released = `Released on ${date.toISOString().slice(0, 10)}.`;
  const section = [unreleased, '', heading, '', released, '', changes, ''];
  return [...lines.slice(0, start), ...section, ...lines.slice(end)].join('\n');
}

/**
 * The lock file with the versions of the workspaces. npm would write the same, and would ask the registry for it.
 *
 * @param {string} lockFile the text of package-lock.json
 * @param {Record<string, string>} versions folder of a workspace → version
 * @throws Error if a folder is not in the lock file
 */
export function lockFileWith(lockFile, versions) {
  const lock = JSON.parse(lockFile);
  for (const [folder, version] of Object.entries(versions)) {
    if (lock.packages[folder] === undefined)
      throw new Error(`package-lock.json has no workspace "${folder}": run "npm install"`);
    lock.packages[folder].version = version;
  }
  return `${JSON.stringify(lock, null, 2)}\n`;
}
