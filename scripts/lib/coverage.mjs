import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { root } from './process.mjs';

/** Required percentages of lines and branches of the library. */
export const threshold = 90;

/** The suites whose merged coverage is the coverage of the library. */
export const coveringSuites = ['unit', 'redis', 'integration', 'e2e'];

/** Files that need a server or a running application: suites other than the unit tests cover them. */
const outsideUnitTests = [
  'tiers/(redis|coherence)/',
  'cache/(redis-|engine|stored-entry|read/|write/(writes|loaded-writes|set-in-flight)|entry/keyspace|load/(load-run|loaded-value|remote-watch|take-guard|value-at-hand))',
  'cache/lock/(locks|held-lease)',
  'cache/entry/key-aliases',
  'cache/load/lease-gate',
  'cache/invalidate/(removals|tag-sync|coherence|key-signals|remote-changes|in-flight-work)',
  'cache/recover/(recovery|redis-)',
  'cache/observe/(check-health|adviser)',
  'testing/',
  'nestjs/',
  'cli/',
  'compat/',
  'keyv/',
  'throttler/',
  'cdn/cdn[.-]',
  'prometheus/cache-prometheus',
  'dashboard/(application/|nest/(cache-dashboard|guard-rule|mount)|page/client/(view/|net/|main|theme))',
  'fleet/(publisher|read-fleet)',
  'otel/cache-open-telemetry.module',
].map((path) => new RegExp(`/libs/cache-infra/src/${path}`));

/** Files that the end-to-end tests run in child processes and in a browser, where coverage is not collected. */
const ownProcesses = /\/libs\/cache-infra\/src\/(cli\/|dashboard\/page\/client\/(view\/|main|theme))/;

export const coverageDirectory = (suite) => join(root, 'test-results', 'coverage', suite);

/**
 * Checks the coverage of the unit tests, and of all suites if all have run. Writes the reports.
 *
 * @param {readonly string[]} steps the steps that have run
 */
export async function checkCoverage(steps) {
  // Import on demand: the packages exist only after the installation.
  const { default: library } = await import('istanbul-lib-coverage');
  const ran = coveringSuites.filter((suite) => steps.includes(suite));
  const all = library.createCoverageMap();
  const unit = library.createCoverageMap();
  try {
    for (const suite of ran) all.merge(await mapOf(suite));
    unit.merge(await mapOf('unit'));
  } catch (error) {
    return verdict([['no coverage was reported', error.message]]);
  }
  unit.filter((file) => !outsideUnitTests.some((path) => path.test(file)));
  all.filter((file) => !ownProcesses.test(file));
  await writeReports(all);
  const shortfalls = [['the unit tests cover', shortfall(unit)]];
  if (ran.length === coveringSuites.length) shortfalls.push(['all suites cover', shortfall(all)]);
  return verdict(shortfalls);
}

/** A description of the missing coverage, or `undefined`. Exported for its tests. */
export function shortfall(map) {
  const { lines, branches } = map.getCoverageSummary();
  const short = [
    ['lines', lines],
    ['branches', branches],
  ].filter(([, { total, pct }]) => total === 0 || pct <= threshold);
  if (short.length === 0) return undefined;
  return `${short.map(([what, { pct }]) => `${pct} % of the ${what}`).join(', ')}: not more than ${threshold} %`;
}

function verdict(shortfalls) {
  const notes = shortfalls.filter(([, missing]) => missing !== undefined).map((words) => words.join(' '));
  return { passed: shortfalls.length - notes.length, failed: notes.length, skipped: 0, seconds: 0, notes };
}

async function mapOf(suite) {
  return JSON.parse(await readFile(join(coverageDirectory(suite), 'coverage-final.json'), 'utf8'));
}

async function writeReports(coverageMap) {
  const { default: report } = await import('istanbul-lib-report');
  const { default: reports } = await import('istanbul-reports');
  const context = report.createContext({ dir: join(root, 'test-results', 'coverage'), coverageMap });
  for (const format of ['lcov', 'cobertura', 'json-summary', 'text-summary']) {
    reports.create(format, { projectRoot: root }).execute(context);
  }
}
