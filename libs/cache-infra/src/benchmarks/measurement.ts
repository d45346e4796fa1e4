import type { CacheStats } from '../cache/contract/stats.js';
import type { Now } from './machine.js';
import { messageOf } from './message-of.js';
import { average, median } from './statistics.js';

/** Thrown through a workload whose time is over. */
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
  /** Calls in this sample. Default 1. */
  readonly operations?: number | undefined;
  /** Whether the answer is right; a wrong one counts as a failure. */
  readonly isRight?: ((answer: T) => boolean) | undefined;
  /** Within a `span`, which counts the time itself. */
  readonly inSpan?: boolean | undefined;
}

const maxErrors = 5;
const noOperations = { hits: 0, misses: 0, compressedIn: 0, compressedOut: 0 };

/** What one benchmark measures: durations by part, failures, and what the cache counted meanwhile. */
export class Measurement {
  readonly parts = new Map<string, Part>();
  readonly errors: string[] = [];
  successes = 0;
  failures = 0;
  timedOut = false;
  counted = noOperations;
  readonly #blocks: Map<string, number[]>[] = [];
  readonly #now: Now;
  /** The part whose durations stand for the benchmark; none = all of them. */
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

  /** Nothing counts now. */
  get isWarmUp(): boolean {
    return this.#isWarmUp;
  }

  /** The durations that stand for the benchmark. */
  get durationsMs(): readonly number[] {
    return this.#blocks.flatMap((block) => [...block.values()].flat());
  }

  /**
   * What a sample took in each share of the run: the mean of the parts' medians. The median of all would jump where it lies between a short
   * kind of operation and a long one.
   */
  get blockMediansMs(): readonly number[] {
    const measured = this.#blocks.filter((block) => block.size > 0);
    return measured.map((block) => average([...block.values()].map(median)));
  }

  /** Runs a share of the benchmark; warm-up is not counted, but takes from the time limit like the rest. */
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

  /** Times one call. What it rejects with is a failure, and no duration. */
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
    // Whoever waited too long for it has gone on already.
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

  /** Counts the time from first to last of calls that run at once. */
  async span(part: string, work: () => Promise<void>): Promise<void> {
    const start = this.#now();
    await work();
    if (!this.#isWarmUp) this.#part(part).elapsedMs += this.#now() - start;
  }

  /** Ends the benchmark: whatever still runs is no part of it. */
  stop(): void {
    this.timedOut = true;
  }

  /** Counts a failure; the first few different messages are kept. */
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
