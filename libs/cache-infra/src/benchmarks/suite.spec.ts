import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';

import type { Cache } from '../cache/contract/cache.js';
import { InMemoryCache } from '../cache/in-memory-cache.js';
import { ValidationError } from '../base/errors.js';
import { withChaos } from '../testing/chaos-cache.js';
import { parseReport, readReport, withBaseline } from './baseline.js';
import type { BenchmarkConfigOptions } from './benchmark-config-options.js';
import type { BenchmarkReport } from './benchmark-report.js';
import { CacheBenchmarkRunner } from './benchmark-runner.js';
import { ConfigPresets } from './config-presets.js';
import { readHistory, storeReport } from './history.js';
import { jsonReport } from './reporters/index.js';

const opened: Cache[] = [];
const open = <T extends Cache>(cache: T): T => {
  opened.push(cache);
  return cache;
};
afterEach(() => Promise.all(opened.splice(0).map((cache) => cache.close())));

function runnerWith(options: BenchmarkConfigOptions = {}, stepMs = 0.01) {
  let ms = 0;
  const small = { defaultIterations: 2, warmupIterations: 0, enableMemoryTracking: false };
  const config = ConfigPresets.ciConfig({ ...small, ...options }, {});
  return new CacheBenchmarkRunner(config, { now: () => (ms += stepMs) });
}

/** A small report; each reading of its clock takes so long. */
async function reportOf(stepMs = 0.01, options: BenchmarkConfigOptions = {}): Promise<BenchmarkReport> {
  return runnerWith(options, stepMs).runSuite({ cache: open(new InMemoryCache()), suiteName: 'suite' });
}

/** The one that most tests look at. */
let report: BenchmarkReport;
beforeAll(async () => {
  report = await reportOf();
});

const names = ({ results }: BenchmarkReport) => results.map(({ cache, name }) => `${cache}: ${name}`);

describe('seed S1.3 runSuite', () => {
  it('runs every benchmark on every cache, and the comparisons', async () => {
    const [one, two] = [
      open(new InMemoryCache({ name: 'one' })),
      open(new InMemoryCache({ name: 'two', maxSize: 100 })),
    ];
    const both = await runnerWith().runSuite({
      cache: [one, two],
      comparisons: [{ originalCache: two, newCache: one, testSuiteName: 'both', testData: { a: 1 } }],
    });
    const each = ['basic operations', 'bulk set', 'memory', 'compression', 'concurrency', 'stampede'];
    expect(names(both)).toEqual([
      ...each.map((name) => `one: ${name}`),
      ...each.map((name) => `two: ${name}`),
      'codec: compression',
    ]);
    expect(both).toMatchObject({
      ...{ tool: 'nestjs-cache-infra benchmarks', schemaVersion: 1, suiteName: 'benchmarks', passed: true },
      ...{ findings: [], comparisons: [{ testSuiteName: 'both' }] },
      config: { preset: 'ci', defaultIterations: 2 },
    });
    expect(Date.parse(both.startedAt)).not.toBeNaN();
    expect(both.durationMs).toBeGreaterThan(0);
    for (const result of both.results) expect(result).toMatchObject({ successRate: 1, timedOut: false });
    // It leaves nothing behind.
    expect([one.stats().size, two.stats().size]).toEqual([0, 0]);
  });

  it('leaves compression out if configured so', async () => {
    expect(names(await reportOf(0.01, { enableCompressionTests: false })).join()).not.toContain(
      'compression',
    );
  });

  it('needs caches with different names', async () => {
    const cache = open(new InMemoryCache());
    const runner = runnerWith();
    await expect(runner.runSuite({ cache: [] })).rejects.toThrow('at least one cache');
    await expect(runner.runSuite({ cache: [cache, cache] })).rejects.toThrow("two are called 'default'");
  });
});

describe('seed S1.13 thresholds', () => {
  const messages = ({ findings }: BenchmarkReport, level: string) =>
    findings.filter((finding) => finding.level === level).map(({ message }) => message);

  it('fail a benchmark that exceeds them', async () => {
    const thresholds = { averageMs: 0.001, p95Ms: 0.002, p99Ms: 0.003, memoryMb: 0.000_01 };
    const judged = await reportOf(0.01, { thresholds });
    expect(judged.passed).toBe(false);
    expect(messages(judged, 'failure')).toEqual(
      expect.arrayContaining([
        'default: bulk set: average 10.0 µs is over the limit of 1.00 µs',
        'default: bulk set: p95 10.0 µs is over the limit of 2.00 µs',
        'default: bulk set: p99 10.0 µs is over the limit of 3.00 µs',
        expect.stringMatching(/^default: memory: its entries hold \d+\.\d MB, the limit is 0\.00001 MB$/),
      ]),
    );
  });

  it('fail a benchmark or comparison that fails or times out', async () => {
    const cache = withChaos(open(new InMemoryCache()), { onError: 'throw' });
    cache.chaos.down();
    const failed = await runnerWith().runSuite({
      ...{ cache, comparisons: [{ originalCache: cache, newCache: cache, testSuiteName: 'down' }] },
    });
    expect(messages(failed, 'failure')).toEqual(
      expect.arrayContaining([
        'default: bulk set: 0.0 % succeeded, the limit is 99.0 %',
        'down: 0.0 % succeeded, the limit is 99.0 %',
      ]),
    );

    const working = open(new InMemoryCache());
    const slow = await runnerWith({ timeoutSeconds: 1 }, 100).runSuite({
      ...{
        cache: working,
        comparisons: [{ originalCache: working, newCache: working, testSuiteName: 'slow' }],
      },
    });
    expect(messages(slow, 'failure')).toEqual(
      expect.arrayContaining(['default: bulk set: exceeded its time limit', 'slow: exceeded its time limit']),
    );
  });
});

describe('a baseline', () => {
  it('of the same speed is not a regression', () => {
    const compared = withBaseline(report, report);
    expect(compared.passed).toBe(true);
    expect(compared.baseline).toMatchObject({ machineRatio: expect.closeTo(1), unmatched: [] });
    expect(compared.baseline?.changes).toHaveLength(7);
    for (const change of compared.baseline?.changes ?? []) {
      expect(change.performanceChangePercent).toBeCloseTo(0);
      expect(change.regressionDetected).toBe(false);
    }
  });

  it('of a faster machine is not a regression: its reference work was faster as well', async () => {
    const compared = withBaseline(await reportOf(0.03), report);
    expect(compared.baseline?.machineRatio).toBeCloseTo(3);
    expect(compared.passed).toBe(true);
  });

  /** As if every benchmark had taken so many times as long on the same machine. */
  const slowedDown = (report: BenchmarkReport, factor: number): BenchmarkReport => ({
    ...report,
    results: report.results.map((result) => ({
      ...result,
      medianDurationMs: result.medianDurationMs * factor,
      blockMediansMs: result.blockMediansMs.map((ms) => ms * factor),
    })),
  });

  it('of a faster library is a regression: a warning first, then a failure', () => {
    const warned = withBaseline(slowedDown(report, 1.2), report);
    expect(warned.passed).toBe(true);
    expect(warned.findings[0]).toEqual({
      level: 'warning',
      message: 'default: basic operations, against the baseline: slower by +20.0 % (+20.0 % to +20.0 %)',
    });
    const failed = withBaseline(slowedDown(report, 1.5), report);
    expect(failed.passed).toBe(false);
    expect(failed.findings[0]?.level).toBe('failure');
    const faster = withBaseline(slowedDown(report, 0.5), report);
    expect(faster.baseline?.changes[0]).toMatchObject({ improvementDetected: true });
  });

  it('is not judged when detection is off', () => {
    const config = { ...report.config, enableRegressionDetection: false };
    expect(withBaseline({ ...slowedDown(report, 3), config }, report).passed).toBe(true);
  });

  it('names benchmarks that only one report has', () => {
    const fewer = { ...report, results: report.results.filter(({ name }) => name !== 'compression') };
    const only = ['default: compression', 'codec: compression'];
    expect(withBaseline(report, fewer).baseline?.unmatched).toEqual(only);
    expect(withBaseline(fewer, report).baseline?.unmatched).toEqual(only);
  });

  it('without the reference work is compared unscaled', () => {
    const [one, other] = [
      { ...report, referenceMs: [] },
      { ...slowedDown(report, 2), referenceMs: [0, 0] },
    ];
    const { baseline } = withBaseline(other, one);
    expect(baseline?.machineRatio).toBe(1);
    expect(baseline?.changes[0]?.performanceChangePercent).toBeCloseTo(100);
  });

  it('with another number of shares is compared as a whole', () => {
    const fewer = report.results.map((result) => ({
      ...result,
      blockMediansMs: result.blockMediansMs.slice(0, 1),
    }));
    const { baseline } = withBaseline(slowedDown(report, 2), { ...report, results: fewer });
    expect(baseline?.changes[0]?.performanceChangePercent).toBeCloseTo(100);
  });
});

describe('a stored report', () => {
  let directory: string;
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'benchmark-reports-'));
  });
  afterAll(() => rm(directory, { recursive: true }));

  it('comes back from JSON', () => {
    const again = parseReport(jsonReport(report));
    expect(again.results.map(({ medianDurationMs }) => medianDurationMs)).toEqual(
      report.results.map(({ medianDurationMs }) => medianDurationMs),
    );
    expect(withBaseline(report, again).passed).toBe(true);
  });

  it.each([
    ['{', 'is not JSON'],
    ['[]', 'is not a report of this benchmark suite'],
    ['{ "results": [] }', 'is not a report of this benchmark suite'],
    [
      '{ "tool": "nestjs-cache-infra benchmarks", "schemaVersion": 2 }',
      'has schema version 2, this release reads 1',
    ],
    ['{ "tool": "nestjs-cache-infra benchmarks" }', 'has schema version undefined'],
    [
      '{ "tool": "nestjs-cache-infra benchmarks", "schemaVersion": 1 }',
      'is a report, but parts of it are missing or damaged',
    ],
    [
      '{ "tool": "nestjs-cache-infra benchmarks", "schemaVersion": 1, "startedAt": "", "referenceMs": [1], "results": [{}] }',
      'is a report, but parts of it are missing or damaged',
    ],
    [
      '{ "tool": "nestjs-cache-infra benchmarks", "schemaVersion": 1, "startedAt": "", "referenceMs": ["x"], "results": [] }',
      'is a report, but parts of it are missing or damaged',
    ],
  ])('%s is refused', (text, words) => {
    expect(() => parseReport(text, 'baseline.json')).toThrow(`baseline.json ${words}`);
    expect(() => parseReport(text)).toThrow(ValidationError);
  });

  it('that cannot be read says so', async () => {
    await expect(readReport(join(directory, 'absent.json'))).rejects.toThrow(
      /absent\.json cannot be read: ENOENT/,
    );
  });

  it('a history keeps every run, in order, and skips files that are not reports', async () => {
    const history = join(directory, 'history');
    expect(await readHistory(history)).toEqual([]);
    await storeReport(history, { ...report, startedAt: '2026-02-03T04:05:06.789Z' });
    await storeReport(history, { ...report, startedAt: '2026-01-02T03:04:05.678Z' });
    await writeFile(join(history, 'other.json'), '{}');
    await writeFile(join(history, 'notes.txt'), 'no report');
    expect(await readdir(history)).toContain('2026-01-02T03-04-05-678Z.json');
    const runs = await readHistory(history);
    expect(runs.map(({ startedAt }) => startedAt)).toEqual([
      '2026-01-02T03:04:05.678Z',
      '2026-02-03T04:05:06.789Z',
    ]);
  });
});
