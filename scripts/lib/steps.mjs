import { mkdir, readFile, rm } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join, relative } from 'node:path';

import { coverageDirectory, coveringSuites } from './coverage.mjs';
import { runJest } from './jest.mjs';
import { root, run } from './process.mjs';

/** Check → its npm script. */
export const checks = { lint: 'lint', format: 'format-check', typecheck: 'typecheck', build: 'build' };

// Jest, where the tests of this file run, reads TypeScript itself.
if (process.env.JEST_WORKER_ID === undefined) await import('./typescript.mjs');
const { default: jestConfig } = await import('../../jest.config.ts');
const { projects } = jestConfig;

/** The Jest projects in order: those of jest.config.ts, and the slow one that it includes on demand. */
export const suites = [...new Set([...projects.map(({ displayName }) => displayName), 'performance'])];

/** Projects that only run when named, and the variable that includes each in jest.config.ts. */
export const onDemand = { docker: 'RUN_DOCKER' };

export const needsRedis = (step) =>
  projects.some(({ displayName, globalSetup }) => displayName === step && globalSetup !== undefined);

export const needsChromium = (step) => step === 'browser';

const results = join(root, 'test-results');
const timeoutMs = 15 * 60_000;
const workers = Math.max(2, availableParallelism() - 1);

/** Jest's message about open handles, which does not fail the run. */
const leftOpen = /has detected the following \d+ open handle/;
/** Jest prints this after a second, and then waits until all handles are closed. */
const waits = /Jest did not exit one second after/;

/**
 * Runs checks, each of which keeps one core busy, two at a time. A check counts as one test; its output is printed when
 * it ends.
 */
export async function runChecks(steps, env) {
  const results = new Map();
  const left = [...steps];
  const lane = async () => {
    for (let step = left.shift(); step !== undefined; step = left.shift())
      results.set(step, await runCheck(step, env));
  };
  await Promise.all([lane(), lane()]);
  return steps.map((step) => ({ step, ...results.get(step) }));
}

async function runCheck(step, env) {
  const started = Date.now();
  const { status, output } = await run('npm', ['run', '--silent', checks[step]], {
    env,
    timeoutMs,
    show: false,
  });
  process.stdout.write(`\n== ${step}\n${output}`);
  const seconds = Math.round((Date.now() - started) / 1000);
  return status === 0
    ? { passed: 1, failed: 0, skipped: 0, seconds, notes: [] }
    : {
        passed: 0,
        failed: 1,
        skipped: 0,
        seconds,
        notes: [`\`npm run ${checks[step]}\` ended with ${status}`],
      };
}

/** Runs one Jest project and reads its report; everything not reported as passed is a failure. */
export async function runSuite(suite, jestArgs, env) {
  await mkdir(results, { recursive: true });
  // Not `package.json`: TypeScript would take it for the one of the specs' own folder.
  const outputFile = join(results, `${suite}-tests.json`);
  await rm(outputFile, { force: true });
  const coverage = coveringSuites.includes(suite)
    ? ['--coverage', '--coverageReporters=json', `--coverageDirectory=${coverageDirectory(suite)}`]
    : [];
  const { status, output } = await runJest(
    [
      ...['--selectProjects', suite, '--json', '--outputFile', outputFile],
      ...['--reporters=default', '--reporters=jest-junit', `--maxWorkers=${workers}`],
      ...coverage,
      ...jestArgs,
    ],
    {
      env: {
        ...env,
        ...(suite === 'performance' && { RUN_SLOW: '1' }),
        ...(suite in onDemand && { [onDemand[suite]]: '1' }),
        JEST_JUNIT_OUTPUT_DIR: results,
        JEST_JUNIT_OUTPUT_NAME: `${suite}.xml`,
        JEST_JUNIT_SUITE_NAME: suite,
      },
      timeoutMs,
      hangsAfter: waits,
    },
  );
  const report = await readReport(outputFile);
  const summary = summarize(report, status, output);
  if (suite === 'unit' && report !== undefined) summary.notes.push(...slowTests(report));
  return summary;
}

async function readReport(file) {
  try {
    return JSON.parse(await readFile(file, 'utf8'));
  } catch {
    return undefined;
  }
}

/** Exported for its tests. */
export function summarize(report, status, output = '') {
  if (report === undefined) {
    return { passed: 0, failed: 1, skipped: 0, notes: [`Jest ended with ${status} and reported nothing`] };
  }
  const passed = report.numPassedTests;
  const skipped = report.numPendingTests + report.numTodoTests;
  const silent = report.testResults.filter(
    ({ assertionResults, status }) =>
      status !== 'failed' && !assertionResults.some((test) => test.status === 'passed'),
  );
  let failed = report.numFailedTests + report.numRuntimeErrorTestSuites + silent.length;
  const notes = [
    ...silent.map(({ name }) => `ran no test: ${relative(root, name)}`),
    ...report.testResults.flatMap(({ assertionResults }) =>
      assertionResults
        .filter((test) => test.status !== 'passed')
        .map((test) => `${test.status}: ${test.fullName.slice(0, 200)}`),
    ),
  ];
  if (leftOpen.test(output)) {
    failed += 1;
    notes.push('a handle was left open after the tests: see above');
  }
  if (failed === 0 && passed === 0) {
    failed = 1;
    notes.push('no test ran');
  }
  if (failed === 0 && status !== 0) {
    failed = 1;
    notes.push(
      `Jest ended with ${status} though no test failed: see above (124: it did not end, a handle was left open)`,
    );
  }
  return { passed, failed, skipped, notes };
}

/** The unit tests over 100 ms, slowest first: use fake timers or less work. A busy machine adds false positives. */
export function slowTests(report) {
  const slow = report.testResults
    .flatMap(({ assertionResults }) => assertionResults)
    .filter(({ duration }) => duration > 100)
    .sort((one, other) => other.duration - one.duration)
    .map(({ duration, fullName }) => `${duration} ms: ${fullName.slice(0, 100)}`);
  return slow.length === 0 ? [] : [`${slow.length} tests took over 100 ms`, ...slow.slice(0, 3)];
}
