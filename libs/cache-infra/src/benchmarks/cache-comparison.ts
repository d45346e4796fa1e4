import { createHash } from 'node:crypto';

import type { Cache } from '../cache/cache.js';
import type { BenchmarkConfig } from './benchmark-config.js';
import { comparePaired, type DurationChange } from './comparison.js';
import { BenchmarkDataGenerator, type BenchmarkEntry } from './data-generator.js';
import type { BenchmarkProgress } from './execution.js';
import type { Now } from './machine.js';
import { TimeIsOver } from './measurement.js';
import { summarize, sum, type DurationSummary } from './statistics.js';
import { entriesOf, type TestData } from './test-data.js';
import { withinLimit } from './time-limit.js';

export interface CacheComparisonOptions {
  readonly originalCache: Cache;
  readonly newCache: Cache;
  readonly testSuiteName: string;
  /** Rounds; each runs both caches twice. Default `defaultIterations`. */
  readonly iterations?: number | undefined;
  /** Calls of `getOrSet` in each run of a round. Default 100. */
  readonly operationsPerRound?: number | undefined;
  /**
   * The working set. Default: as many records as the larger cache holds entries, 2,000 at most; of two caches of one size, half as many, so that
   * hits are compared.
   */
  readonly testData?: TestData | undefined;
  /** What a miss costs. Default: a digest of 64 KiB, some tens of microseconds. */
  readonly load?: ((entry: BenchmarkEntry) => unknown) | undefined;
}

/** One side of a comparison. Durations are of one run, in milliseconds. */
export interface ComparedCache extends DurationSummary {
  readonly cache: string;
  readonly maxSize: number;
  readonly operationsPerSecond: number;
  /** 0-1 */
  readonly hitRatio: number;
}

/** What a comparison came to. */
export interface CacheComparison extends DurationChange {
  readonly testSuiteName: string;
  readonly original: ComparedCache;
  readonly changed: ComparedCache;
  /** Rounds measured. */
  readonly rounds: number;
  readonly operationsPerRound: number;
  /** Different keys. */
  readonly workingSet: number;
  /** 0-1: rounds in which no call failed. */
  readonly successRate: number;
  readonly timedOut: boolean;
  readonly errors: readonly string[];
}

export interface ComparisonContext {
  readonly config: BenchmarkConfig;
  readonly now: Now;
  readonly onProgress: (progress: BenchmarkProgress) => void;
}

const defaultOperationsPerRound = 100;
const largestWorkingSet = 2000;
const longestTrace = 200_000;
const maxErrors = 5;
const progressEvery = 20;
const cleanUpLimitMs = 5000;

/**
 * Compares two caches by the time that reading through them takes, keys as popular as Zipf has it. A round runs original, new, new,
 * original, on the same keys: neither gains by its turn, and what slows the machine for a while slows both.
 */
export async function compareCaches(
  options: CacheComparisonOptions,
  context: ComparisonContext,
): Promise<CacheComparison> {
  const run = new ComparisonRun(options, context);
  let timedOut = false;
  const stop = () => {
    timedOut = true;
    run.stop();
  };
  try {
    await withinLimit(context.config.timeoutSeconds * 1000, stop, run.run());
  } catch (error) {
    if (!(error instanceof TimeIsOver)) throw error;
    timedOut = true;
  } finally {
    await withinLimit(cleanUpLimitMs, () => undefined, run.cleanUp());
  }
  return run.result(timedOut);
}

/** One side while it runs. */
class Side {
  readonly durationsMs: number[] = [];
  readonly cache: Cache;
  loads = 0;

  constructor(
    readonly original: Cache,
    namespace: string,
    readonly load: (entry: BenchmarkEntry) => unknown,
  ) {
    this.cache = original.namespace(namespace);
  }

  async read(entries: readonly BenchmarkEntry[], indexes: Uint32Array): Promise<void> {
    for (const index of indexes) {
      const entry = entries[index] as BenchmarkEntry;
      await this.cache.getOrSet(entry.key, () => this.#loaded(entry));
    }
  }

  #loaded(entry: BenchmarkEntry): unknown {
    this.loads++;
    return this.load(entry);
  }
}

class ComparisonRun {
  readonly #options: CacheComparisonOptions;
  readonly #context: ComparisonContext;
  readonly #entries: readonly BenchmarkEntry[];
  readonly #original: Side;
  readonly #changed: Side;
  readonly #rounds: number;
  readonly #operations: number;
  readonly #trace: Uint32Array;
  readonly #errors: string[] = [];
  readonly #deadline: number;
  #failures = 0;
  #stopped = false;

  constructor(options: CacheComparisonOptions, context: ComparisonContext) {
    const { config } = context;
    const load = options.load ?? digestLoader();
    this.#options = options;
    this.#context = context;
    this.#entries = entriesOf(options.testData ?? workingSetFor(options, config.seed));
    // Two caches in one Redis would otherwise find each other's entries.
    this.#original = new Side(options.originalCache, 'benchmark-a', load);
    this.#changed = new Side(options.newCache, 'benchmark-b', load);
    this.#rounds = options.iterations ?? config.defaultIterations;
    this.#operations = options.operationsPerRound ?? defaultOperationsPerRound;
    const needed = this.#operations * 2 * (this.#rounds + config.warmupIterations);
    this.#trace = new BenchmarkDataGenerator(config.seed).zipfTrace({
      keys: this.#entries.length,
      length: Math.max(this.#operations, Math.min(needed, longestTrace)),
    });
    this.#deadline = context.now() + config.timeoutSeconds * 1000;
  }

  async run(): Promise<void> {
    const { config, onProgress } = this.#context;
    const { testSuiteName: label } = this.#options;
    const total = config.warmupIterations + this.#rounds;
    for (let round = 0; round < total; round++) {
      if (round % progressEvery === 0) onProgress({ label, done: round, total });
      await this.#round(round, round < config.warmupIterations);
      if (round === config.warmupIterations - 1) this.#original.loads = this.#changed.loads = 0;
    }
    onProgress({ label, done: total, total });
  }

  stop(): void {
    this.#stopped = true;
  }

  result(timedOut: boolean): CacheComparison {
    const { config } = this.#context;
    const [original, changed] = [this.#original.durationsMs, this.#changed.durationsMs];
    const rounds = original.length;
    return {
      testSuiteName: this.#options.testSuiteName,
      ...comparePaired(original, changed, {
        seed: config.seed,
        thresholds: config.thresholds,
        judge: config.enableRegressionDetection,
      }),
      original: this.#sideResult(this.#original),
      changed: this.#sideResult(this.#changed),
      rounds,
      operationsPerRound: this.#operations,
      workingSet: this.#entries.length,
      successRate: rounds + this.#failures === 0 ? 0 : rounds / (rounds + this.#failures),
      timedOut,
      errors: this.#errors,
    };
  }

  async cleanUp(): Promise<void> {
    const keys = this.#entries.map(({ key }) => key);
    // The benchmark has said what there is to say about a cache that fails.
    await Promise.allSettled([this.#original, this.#changed].map(({ cache }) => cache.deleteMany(keys)));
  }

  async #round(round: number, isWarmUp: boolean): Promise<void> {
    const [a, b] = [this.#original, this.#changed];
    try {
      const first = this.#keysOf(2 * round);
      const second = this.#keysOf(2 * round + 1);
      const a1 = await this.#timed(a, first);
      const b1 = await this.#timed(b, first);
      const b2 = await this.#timed(b, second);
      const a2 = await this.#timed(a, second);
      if (isWarmUp || this.#stopped) return;
      a.durationsMs.push((a1 + a2) / 2);
      b.durationsMs.push((b1 + b2) / 2);
    } catch (error) {
      if (error instanceof TimeIsOver) throw error;
      if (isWarmUp) return;
      this.#failures++;
      const message = error instanceof Error ? error.message : String(error);
      if (this.#errors.length < maxErrors && !this.#errors.includes(message)) this.#errors.push(message);
    }
  }

  async #timed(side: Side, indexes: Uint32Array): Promise<number> {
    const { now } = this.#context;
    const start = now();
    if (this.#stopped || start > this.#deadline) throw new TimeIsOver();
    await side.read(this.#entries, indexes);
    return now() - start;
  }

  /** The records that the run with this number reads; the trace begins again when it ends. */
  #keysOf(run: number): Uint32Array {
    const runs = Math.floor(this.#trace.length / this.#operations);
    const from = (run % runs) * this.#operations;
    return this.#trace.subarray(from, from + this.#operations);
  }

  #sideResult(side: Side): ComparedCache {
    const elapsedMs = sum(side.durationsMs);
    const runs = side.durationsMs.length;
    const calls = 2 * runs * this.#operations;
    return {
      cache: side.original.name,
      maxSize: side.original.maxSize,
      ...summarize(side.durationsMs),
      operationsPerSecond: elapsedMs > 0 ? ((runs * this.#operations) / elapsedMs) * 1000 : 0,
      hitRatio: calls === 0 ? 0 : Math.max(0, 1 - side.loads / calls),
    };
  }
}

function workingSetFor({ originalCache, newCache }: CacheComparisonOptions, seed: number): BenchmarkEntry[] {
  const larger = Math.max(originalCache.maxSize, newCache.maxSize);
  const count = originalCache.maxSize === newCache.maxSize ? Math.ceil(larger / 2) : larger;
  return new BenchmarkDataGenerator(seed).json(Math.min(largestWorkingSet, count));
}

/** A load that takes its time, and the same every time: timers are too coarse for it. */
function digestLoader(): (entry: BenchmarkEntry) => unknown {
  const work = Buffer.alloc(64 * 1024, 'x');
  return ({ value }) => {
    createHash('sha256').update(work).digest();
    return value;
  };
}
