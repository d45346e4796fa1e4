import { activity } from './observe/activity.js';
import { allowsPlainHit } from './call-arguments.js';
import type { CacheOperation, OperationRecord } from './contract/monitor.js';
import type { LoadOptions, Ttl } from './contract/options.js';
import type { Engine } from './engine.js';
import type { Keyspace } from './entry/keyspace.js';
import type { Counters } from './observe/counters.js';
import { CallOutcome } from './observe/observer.js';
import type { CallTrace } from './observe/traces.js';
import type { Hit } from './read/lookup.js';

/** L1 hits, as tracers see them. */
interface TracedHits {
  /** `performance.now()` at their start. */
  readonly start: number;
  readonly value?: unknown;
  /** The hits since the last question; undefined = as many as a countdown stands for. */
  readonly count?: number | undefined;
}

/** A call that was timed. */
interface TimedCall extends Omit<OperationRecord, 'cache' | 'namespace' | 'duration' | 'calls'> {
  /** `performance.now()` at its start. */
  readonly start: number;
}

/**
 * Reports the calls of one view to the counters, listeners, monitor and tracers. Plain hits and plain sets are reported
 * by the fast path of `TieredCache` itself, as rarely as `Sampling` allows.
 */
export class CallReports {
  readonly #engine: Engine;
  readonly #keyspace: Keyspace;
  readonly #counters: Counters;

  constructor(engine: Engine, keyspace: Keyspace, counters: Counters) {
    this.#engine = engine;
    this.#keyspace = keyspace;
    this.#counters = counters;
  }

  /** The outcome of a new call. An uncounted view tells no listener. */
  outcome(trace?: CallTrace): CallOutcome {
    const isCounted = this.#counters === this.#engine.counters;
    return new CallOutcome(isCounted ? this.#engine.emitter : undefined, this.#keyspace.path, trace);
  }

  /** Runs and reports a call. `traced`: the key or keys, for tracers. `options`: of a `getOrSet`. */
  async observe<T>(
    operation: CacheOperation,
    key: string | undefined,
    work: (outcome: CallOutcome) => Promise<T>,
    traced: unknown = key,
    options?: Ttl | LoadOptions,
  ): Promise<T> {
    const { lifecycle, sampling, observer } = this.#engine;
    lifecycle.assertOpen();
    sampling.restart();
    const trace = observer.tracing.isOn ? this.#traceOf(operation, traced, options) : undefined;
    return observer.observe(operation, key, this.outcome(trace), work);
  }

  /** A `get` that is no plain hit: its look-up is timed for the monitor. `give`: the caller's value of a hit. */
  async timedGet<T>(
    key: string,
    find: () => Promise<Hit | undefined>,
    give: (hit: Hit) => T,
  ): Promise<T | undefined> {
    const { lifecycle, sampling } = this.#engine;
    lifecycle.assertOpen();
    sampling.restart();
    const start = sampling.startTiming();
    let found: Hit | undefined;
    let success = false;
    try {
      found = await find();
      success = true;
    } finally {
      if (start !== 0) {
        const hit = success ? found !== undefined : undefined;
        this.#ended({ operation: 'get', key, start, hit, tier: found?.tier, success });
      }
    }
    return found === undefined ? undefined : give(found);
  }

  /** A `set` that is no plain set, timed for the monitor. */
  async timedSet(key: string, store: () => Promise<void>): Promise<void> {
    const { lifecycle, sampling } = this.#engine;
    lifecycle.assertOpen();
    const start = sampling.startTiming();
    let success = false;
    try {
      await store();
      success = true;
    } finally {
      if (start !== 0)
        this.#ended({ operation: 'set', key, start, hit: undefined, tier: undefined, success });
    }
  }

  /** A `getOrSet` that is no plain hit, timed for the monitor. */
  async timedLoad<T>(key: string, load: (outcome: CallOutcome) => Promise<T>): Promise<T> {
    const { lifecycle, sampling } = this.#engine;
    lifecycle.assertOpen();
    sampling.restart();
    const start = sampling.startTiming();
    const outcome = this.outcome();
    let success = false;
    try {
      const value = await load(outcome);
      success = true;
      return value;
    } finally {
      const asked = outcome.hits + outcome.misses;
      const hit = asked === 0 ? undefined : outcome.misses === 0;
      this.#ended({ operation: 'getOrSet', key, start, hit, tier: outcome.tier, success });
    }
  }

  /** Counts and reports one read. `tier`: undefined = a miss. `start`: `performance.now()` at the start of the read. */
  read(key: string, tier: 'l1' | 'l2' | undefined, start: number): void {
    const { counters, emitter, observer, l1, sampling } = this.#engine;
    if (l1 !== undefined && tier !== 'l1') counters.missedL1();
    if (tier === 'l1') counters.hitL1();
    else if (tier === 'l2') counters.hitL2();
    else counters.missed();
    if (tier === undefined) emitter.emit('miss', { key });
    else emitter.emit('hit', { key, tier });
    const isHitL1 = tier === 'l1';
    if (isHitL1 && sampling.skipHit() && !activity.enabled) return;
    sampling.restart();
    if (!isHitL1 && observer.tracing.isOn) observer.tracing.read(this.#keyspace.path, key, start, tier);
    if (isHitL1) this.traceHits('get', key, { start, count: activity.enabled ? 1 : undefined });
    const duration = performance.now() - start;
    const isSampled = isHitL1 && !sampling.measuresEveryHit && !activity.enabled;
    if (!isSampled) observer.read(this.#keyspace.path, key, duration, tier);
    else if (sampling.isMonitorDue()) observer.sampledHit('get', this.#keyspace.path, key, duration);
  }

  /** A plain L1 hit that the monitor is due for. `duration`: milliseconds. */
  sampledHit(operation: 'get' | 'getOrSet', key: string, duration: number): void {
    this.#engine.observer.sampledHit(operation, this.#keyspace.path, key, duration);
  }

  /** A `getMany` of plain hits, timed for the monitor. `start`: `performance.now()`. */
  hitAll(start: number): void {
    this.#ended({ operation: 'getMany', key: undefined, start, hit: true, tier: 'l1', success: true });
  }

  /** Traces L1 hits that have ended, if one is due. */
  traceHits(operation: CacheOperation, key: unknown, { count, ...hit }: TracedHits): void {
    const { observer, sampling } = this.#engine;
    const sampleEvery = sampling.tracedHits(count);
    if (sampleEvery > 0) observer.tracing.hit(operation, this.#keyspace.path, key, { ...hit, sampleEvery });
  }

  #ended({ operation, key, start, hit, tier, success }: TimedCall): void {
    const { name, observer } = this.#engine;
    const namespace = this.#keyspace.path;
    const duration = performance.now() - start;
    observer.ended({ cache: name, operation, duration, key, namespace, hit, tier, success });
  }

  /** The trace of a call; undefined for an L1 hit that is not due, which comes here if a request attributes calls. */
  #traceOf(
    operation: CacheOperation,
    key: unknown,
    options: Ttl | LoadOptions | undefined,
  ): CallTrace | undefined {
    const { observer, sampling } = this.#engine;
    const stands = this.#willHitL1(operation, key, options) ? sampling.tracedHits(1) : 1;
    return stands === 0 ? undefined : observer.tracing.begin(operation, this.#keyspace.path, key, stands);
  }

  #willHitL1(operation: CacheOperation, key: unknown, options: Ttl | LoadOptions | undefined): boolean {
    const { l1, entries } = this.#engine;
    if (operation !== 'get' && operation !== 'getOrSet') return false;
    if (typeof key !== 'string' || key === '' || l1 === undefined) return false;
    if (typeof options === 'object' && !allowsPlainHit(options)) return false;
    const entry = l1.peek(this.#keyspace.id(key));
    return entry !== undefined && entries.stateOf(entry) === 'fresh';
  }
}
