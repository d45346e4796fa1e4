import { appendFile, mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import {
  BenchmarkConfig,
  CacheBenchmarkRunner,
  ciAnnotations,
  htmlReport,
  jsonReport,
  loadBenchmarkConfig,
  markdownReport,
  readHistory,
  readReport,
  storeReport,
  terminalProgress,
  textReport,
  withBaseline,
  type BenchmarkConfigOptions,
  type BenchmarkPresetName,
  type BenchmarkReport,
  type CacheComparisonOptions,
} from '../benchmarks/index.js';
import type { Cache } from '../cache/contract/cache.js';
import { InMemoryCache } from '../cache/in-memory-cache.js';
import { RedisCache } from '../cache/redis-cache.js';
import { githubStepSummary } from '../config/benchmark-environment.js';
import { reportFiles, type BenchFlags } from './bench-flags.js';
import { misspeltBenchmarkVariables } from '../config/benchmark-environment.js';
import { misspeltWords } from '../config/misspelt-variables.js';
import { loadCache } from './load-cache.js';
import type { Style } from './look/style.js';
import type { Output } from './output.js';
import { selfCheck } from './self-check.js';

/**
 * Runs the benchmarks, comparisons and reports that the flags request. Resolves to the exit code.
 *
 * @throws ValidationError or Error for invalid flags, files or modules
 */
export async function bench(flags: BenchFlags, output: Output): Promise<number> {
  // Validate everything before the first measurement.
  const config = await configOf(flags);
  for (const misspelt of misspeltBenchmarkVariables()) output.error(misspeltWords(misspelt));
  const runner = new CacheBenchmarkRunner(config, { onProgress: terminalProgress() });
  if (flags.selfCheck !== undefined) return selfCheck(flags.selfCheck, runner, output);
  const baseline = flags.compare === undefined ? undefined : await readReport(flags.compare);
  const history = flags.history === undefined ? [] : await readHistory(flags.history);

  const measured = await measure(flags, runner);
  const report = baseline === undefined ? measured : withBaseline(measured, baseline);
  if (flags.json) output.out(jsonReport(report).trimEnd());
  else for (const line of textReport(report).trimEnd().split('\n')) output.out(lookOf(line, output.style));
  // On stdout stands one document.
  await write(report, history, flags, flags.json ? { ...output, out: output.error } : output);
  return report.passed ? 0 : 1;
}

/** Colours of the lines that tell the outcome. */
function lookOf(line: string, style: Style): string {
  if (line === 'Passed.') return style.green(line);
  if (line.startsWith('Not passed') || line.startsWith('FAILURE:')) return style.red(line);
  return line.startsWith('WARNING:') ? style.yellow(line) : line;
}

async function configOf({ preset, config, iterations }: BenchFlags): Promise<BenchmarkConfig> {
  const options: BenchmarkConfigOptions = {
    // BenchmarkConfig refuses an unknown preset and names the known ones.
    preset: preset as BenchmarkPresetName | undefined,
    defaultIterations: iterations,
  };
  return config === undefined ? new BenchmarkConfig(options) : loadBenchmarkConfig(config, options);
}

async function measure(flags: BenchFlags, runner: CacheBenchmarkRunner): Promise<BenchmarkReport> {
  const opened: Cache[] = [];
  const open = <T extends Cache>(cache: T): T => {
    opened.push(cache);
    return cache;
  };
  try {
    const own = flags.cache === undefined ? undefined : open(await loadCache(flags.cache));
    const original = flags.against === undefined ? undefined : open(await loadCache(flags.against));
    const main = own ?? open(new InMemoryCache({ name: 'memory', maxSize: 10_000 }));
    const redis = flags.redis === undefined ? [] : redisCaches(flags.redis).map(open);
    for (const cache of redis) await cache.connect();
    const comparisons: CacheComparisonOptions[] = [];
    if (original !== undefined) {
      const testSuiteName = `${main.name} against ${original.name}`;
      comparisons.push({ originalCache: original, newCache: main, testSuiteName });
    }
    if (own === undefined && original === undefined) {
      comparisons.push({
        originalCache: open(new InMemoryCache({ name: 'small', maxSize: 50 })),
        newCache: open(new InMemoryCache({ name: 'large', maxSize: 100 })),
        testSuiteName: 'a memory cache of 100 entries against one of 50',
      });
    }
    return await runner.runSuite({ cache: [main, ...redis], comparisons });
  } finally {
    for (const cache of opened) await cache.close();
  }
}

function redisCaches(redisUrl: string): RedisCache[] {
  const common = { redisUrl, keyPrefix: 'nestjs-cache-infra-bench', defaultTtl: 600 };
  return [
    new RedisCache({ ...common, name: 'redis with an L1', l1CacheSize: 10_000 }),
    new RedisCache({ ...common, name: 'redis', enableL1Cache: false }),
  ];
}

async function write(
  report: BenchmarkReport,
  history: readonly BenchmarkReport[],
  flags: BenchFlags,
  output: Output,
): Promise<void> {
  const render = {
    json: () => jsonReport(report),
    html: () => htmlReport(report, { history }),
    markdown: () => markdownReport(report),
    text: () => textReport(report),
  };
  for (const format of flags.reports) {
    await writeTo(join(flags.out, reportFiles[format]), render[format](), output);
  }
  if (flags.history !== undefined)
    output.out(`Stored in the history as ${await storeReport(flags.history, report)}`);
  if (flags.save !== undefined && report.passed) await writeTo(flags.save, jsonReport(report), output);
  if (flags.save !== undefined && !report.passed)
    output.out(`Not saved as ${flags.save}: the run did not pass`);
  if (!flags.ci) return;
  for (const line of ciAnnotations(report).split('\n')) if (line !== '') output.out(line);
  const summary = githubStepSummary();
  if (summary !== undefined) await appendFile(summary, markdownReport(report));
}

async function writeTo(file: string, text: string, output: Output): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, text);
  output.out(`Wrote ${file}`);
}
