import type { Cache } from '../cache/contract/cache.js';
import { ValidationError } from '../base/errors.js';
import { reportSchemaVersion, reportTool, type BenchmarkReport } from './benchmark-report.js';
import type { CacheComparison, CacheComparisonOptions } from './cache-comparison.js';
import { compareCaches } from './compare-caches.js';
import { execute, type ExecutionOptions } from './execution.js';
import { describeMachine } from './machine.js';
import { resultOf } from './results.js';
import { judge } from './verdict.js';
import type { WorkloadFactory } from './workload-factory.js';

export interface SuiteOptions {
  /** Name of the suite. Default 'benchmarks'. */
  readonly suiteName?: string | undefined;
  /** One cache, or several caches with different names. */
  readonly cache: Cache | readonly Cache[];
  /** Comparisons to run after the benchmarks. Default none. */
  readonly comparisons?: readonly CacheComparisonOptions[] | undefined;
}

/** Runs every benchmark on every cache, then the comparisons. */
export async function runSuite(
  { suiteName = 'benchmarks', cache, comparisons = [] }: SuiteOptions,
  workloads: WorkloadFactory,
  context: ExecutionOptions,
): Promise<BenchmarkReport> {
  const { config, now } = context;
  const caches = Array.isArray(cache) ? (cache as readonly Cache[]) : [cache as Cache];
  assertDifferentNames(caches);
  const startedAt = new Date().toISOString();
  const start = now();
  const environment = describeMachine(now);
  const codec = config.enableCompressionTests ? [workloads.compression({})] : [];
  const all = [...caches.flatMap((each) => workloads.all(each)), ...codec];
  const { executed, referenceMs } = await execute(all, context);
  const compared: CacheComparison[] = [];
  for (const options of comparisons) compared.push(await compareCaches(options, context));
  return judge({
    tool: reportTool,
    schemaVersion: reportSchemaVersion,
    suiteName,
    startedAt,
    durationMs: now() - start,
    environment,
    config,
    referenceMs,
    results: executed.map((each) => resultOf(each.workload, each.measurement, environment, each.memory)),
    comparisons: compared,
  });
}

/** Requires different names, because results are identified by the name of their cache. */
function assertDifferentNames(caches: readonly Cache[]): void {
  const names = caches.map(({ name }) => name);
  if (names.length === 0) throw new ValidationError('runSuite needs at least one cache');
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) {
    throw new ValidationError(`runSuite needs caches with different names, two are called '${twice}'`);
  }
}
