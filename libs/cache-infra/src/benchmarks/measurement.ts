import type { CacheStats } from '../cache/contract/stats.js';
import type { Now } from './machine.js';
import { messageOf } from './message-of.js';
import { average, median } from './statistics.js';

/** Thrown inside a workload that exceeded its time limit. */
export class TimeIsOver extends Error {
  constructor() {
    super('The benchmark exceeded its time limit');
    this.name = 'TimeIsOver';
  }
}

/** One kind of operation within a benchmark. */
export interface Part {
  readonly durationsMs: number[];
  operations: number;
  elapsedMs: number;
}

export interface TimingOptions<T> {
  /** Operations in the sample. Default 1. */
  readonly operations?: number | undefined;
  /** Checks the returned value; a wrong one counts as a failure. */
  readonly isRight?: ((answer: T) => boolean) | undefined;
  /** True within a `span`, which counts the elapsed time. */
  readonly inSpan?: boolean | undefined;
}

const maxErrors = 5;
const noOperations = { hits: 0, misses: 0, compressedIn: 0, compressedOut: 0 };

/** The measurement of one benchmark: durations by part, failures, and the counters of the cache. */
export class Measurement {
  readonly parts = new Map<string, Part>();
  readonly errors: string[] = [];
  successes = 0;
  failures = 0;
  timedOut = false;
  counted = noOperations;
  readonly #blocks: Map<string, number[]>[] = [];
  readonly #now: Now;
  /** The part whose durations represent the benchmark; undefined = all parts. */
  readonly #main: string | undefined;
  #block = new Map<string, number[]>();
  #isWarmUp = false;
  #leftMs: number;
  #startedAt: number | undefined;

  constructor(now: Now, limitMs: number, main?: string) {
    this.#now = now;
    this.#leftMs = limitMs;
    this.#main = main;
  }

  /** Milliseconds until the limit. */
  get leftMs(): number {
    const used = this.#startedAt === undefined ? 0 : this.#now() - this.#startedAt;
    return this.timedOut ? 0 : Math.max(0, this.#leftMs - used);
  }

  /** During warm-up nothing is counted. */
  get isWarmUp(): boolean {
    return this.#isWarmUp;
  }

  /** The durations that represent the benchmark. */
  get durationsMs(): readonly number[] {
    return this.#blocks.flatMap((block) => [...block.values()].flat());
  }

  /**
   * Typical duration of a sample in each block: the mean of the parts' medians. A median over all parts would be
   * unstable between short and long operations.
   */
  get blockMediansMs(): readonly number[] {
    const measured = this.#blocks.filter((block) => block.size > 0);
    return measured.map((block) => average([...block.values()].map(median)));
  }

  /** Runs a block of the benchmark. Warm-up is not counted, but uses up the time limit. */
  async block(kind: 'warm-up' | 'measured', stats: () => CacheStats | undefined, work: () => Promise<void>) {
    this.#isWarmUp = kind === 'warm-up';
    if (!this.#isWarmUp) {
      this.#block = new Map();
      this.#blocks.push(this.#block);
    }
    const before = stats();
    this.#startedAt = this.#now();
    try {
      await work();
    } finally {
      this.#leftMs = this.leftMs;
      this.#startedAt = undefined;
      if (!this.#isWarmUp) this.#count(before, stats());
    }
  }

  /** Times one call. A rejection counts as a failure, without a duration. */
  async time<T>(part: string, call: () => Promise<T>, options: TimingOptions<T> = {}): Promise<void> {
    if (this.leftMs === 0) {
      this.stop();
      throw new TimeIsOver();
    }
    const start = this.#now();
    let answer: T;
    try {
      answer = await call();
    } catch (error) {
      this.fail(messageOf(error));
      return;
    }
    const ms = this.#now() - start;
    // The benchmark has been stopped during the call.
    if (this.timedOut) throw new TimeIsOver();
    if (this.#isWarmUp) return;
    if (options.isRight?.(answer) === false) {
      this.fail(`${part} returned a wrong value`);
      return;
    }
    const { operations = 1, inSpan = false } = options;
    this.successes++;
    const into = this.#part(part);
    into.durationsMs.push(ms);
    into.operations += operations;
    if (!inSpan) into.elapsedMs += ms;
    if (this.#main !== undefined && this.#main !== part) return;
    const inBlock = this.#block.get(part);
    if (inBlock === undefined) this.#block.set(part, [ms]);
    else inBlock.push(ms);
  }

  /** Counts the elapsed time of concurrent calls. */
  async span(part: string, work: () => Promise<void>): Promise<void> {
    const start = this.#now();
    await work();
    if (!this.#isWarmUp) this.#part(part).elapsedMs += this.#now() - start;
  }

  /** Stops the benchmark; calls in flight are not counted. */
  stop(): void {
    this.timedOut = true;
  }

  /** Counts a failure and keeps the first different messages. */
  fail(message: string): void {
    if (this.timedOut || this.#isWarmUp) return;
    this.failures++;
    if (this.errors.length < maxErrors && !this.errors.includes(message)) this.errors.push(message);
  }

  #part(name: string): Part {
    const known = this.parts.get(name);
    if (known !== undefined) return known;
    const part: Part = { durationsMs: [], operations: 0, elapsedMs: 0 };
    this.parts.set(name, part);
    return part;
  }

  #count(before: CacheStats | undefined, after: CacheStats | undefined): void {
    if (before === undefined || after === undefined) return;
    const { counted } = this;
    this.counted = {
      hits: counted.hits + after.hits - before.hits,
      misses: counted.misses + after.misses - before.misses,
      compressedIn: counted.compressedIn + after.compression.bytesIn - before.compression.bytesIn,
      compressedOut: counted.compressedOut + after.compression.bytesOut - before.compression.bytesOut,
    };
  }
}
