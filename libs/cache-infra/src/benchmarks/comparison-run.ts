import { createHash } from 'node:crypto';

import type { Cache } from '../cache/contract/cache.js';
import type { CacheComparison, CacheComparisonOptions, ComparedCache } from './cache-comparison.js';
import { comparePaired } from './comparison.js';
import { BenchmarkDataGenerator, type BenchmarkEntry } from './data-generator.js';
import type { ExecutionOptions } from './execution.js';
import { TimeIsOver } from './measurement.js';
import { sum, summarize } from './statistics.js';
import { entriesOf } from './test-data.js';
import { ownNamespace } from './workloads/workload.js';
import { messageOf } from './message-of.js';

const defaultOperationsPerRound = 100;
const largestWorkingSet = 2000;
const longestTrace = 200_000;
const maxErrors = 5;
const progressEvery = 20;

/** One cache of a running comparison. */
class Side {
  readonly durationsMs: number[] = [];
  readonly cache: Cache;
  loads = 0;

  constructor(
    readonly original: Cache,
    readonly load: (entry: BenchmarkEntry) => unknown,
  ) {
    this.cache = original.namespace(ownNamespace());
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

/** Runs the rounds of a comparison and collects their durations. */
export class ComparisonRun {
  readonly #options: CacheComparisonOptions;
  readonly #context: ExecutionOptions;
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

  constructor(options: CacheComparisonOptions, context: ExecutionOptions) {
    const { config } = context;
    const load = options.load ?? digestLoader();
    this.#options = options;
    this.#context = context;
    this.#entries = entriesOf(options.testData ?? workingSetFor(options, config.seed));
    this.#original = new Side(options.originalCache, load);
    this.#changed = new Side(options.newCache, load);
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
    // The comparison has reported the failures of the cache already.
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
      const message = messageOf(error);
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

  /** The part of the trace for a run; the trace repeats from its end. */
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

/** A loader of constant duration: timers are too coarse. */
function digestLoader(): (entry: BenchmarkEntry) => unknown {
  const work = Buffer.alloc(64 * 1024, 'x');
  return ({ value }) => {
    createHash('sha256').update(work).digest();
    return value;
  };
}
