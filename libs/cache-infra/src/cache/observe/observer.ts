import { activity } from './activity.js';
import { runSafely, type CacheEmitter } from './emitter.js';
import type { CallTrace } from './traces.js';
import { Tracing } from './tracing.js';
import type {
  CacheMonitor,
  CacheOperation,
  OperationHook,
  OperationRecord,
  TagRecord,
} from '../contract/monitor.js';
import type { TracedPeer } from '../contract/tracing.js';

/** Hits and misses of one call. */
export class CallOutcome {
  hits = 0;
  misses = 0;
  /** The tier of the last hit. */
  tier: 'l1' | 'l2' | undefined;
  readonly namespace: string;
  /** The call as tracers see it; undefined = nothing traces it. */
  readonly trace: CallTrace | undefined;
  readonly #emitter: CacheEmitter | undefined;

  /** `emitter`: undefined = the hits and misses of this call are not counted. `namespace`: the path of the view. */
  constructor(emitter: CacheEmitter | undefined, namespace: string, trace?: CallTrace) {
    this.#emitter = emitter;
    this.namespace = namespace;
    this.trace = trace;
  }

  hit(key: string, tier: 'l1' | 'l2'): void {
    if (this.#emitter === undefined) return;
    this.hits++;
    this.tier = tier;
    if (this.#emitter.has('hit')) this.#emitter.emit('hit', { key, tier });
  }

  missed(key: string): void {
    if (this.#emitter === undefined) return;
    this.misses++;
    if (this.#emitter.has('miss')) this.#emitter.emit('miss', { key });
  }
}

/** The outcome of a measured call. */
type Measured = Pick<CallOutcome, 'hits' | 'misses' | 'tier' | 'namespace'>;

const neverSampled = 1 << 30;

/**
 * Measures operations for the monitor, the hook and the current request, and traces them. Without any of them it costs
 * nothing.
 */
export class Observer {
  /** One of this many plain L1 hits takes the measured path. */
  readonly sampleEvery: number;
  readonly tracing: Tracing;
  readonly #name: string;
  readonly #monitor: CacheMonitor | undefined;
  readonly #hook: OperationHook | undefined;
  readonly #given: CacheMonitor | undefined;
  readonly #loads: CacheMonitor | undefined;

  /** `peer`: the Redis of the cache, for tracers. */
  constructor(
    name: string,
    monitor: CacheMonitor | undefined,
    hook: OperationHook | undefined,
    peer?: TracedPeer,
  ) {
    this.#name = name;
    this.tracing = new Tracing(name, peer);
    this.#given = monitor;
    this.#loads = monitor?.recordLoad === undefined ? undefined : monitor;
    this.#monitor = monitor?.recordCacheOperationTime === undefined ? undefined : monitor;
    this.#hook = hook;
    if (hook !== undefined) this.sampleEvery = 1;
    else this.sampleEvery = this.#monitor === undefined ? neverSampled : (monitor?.sampleEvery ?? 1);
  }

  /** True without a monitor and a hook. Requests may still attribute calls (`activity`). */
  get isIdle(): boolean {
    return this.#monitor === undefined && this.#hook === undefined;
  }

  get hasHook(): boolean {
    return this.#hook !== undefined;
  }

  /** Reports a call that its caller timed. For calls without a hook and without a request that attributes them. */
  ended(record: OperationRecord): void {
    this.#sendToMonitor(record);
  }

  /** Reports a read of several look-ups that its caller timed. `duration`: milliseconds. */
  read(namespace: string, key: string, duration: number, tier: 'l1' | 'l2' | undefined): void {
    const isHit = tier !== undefined;
    this.#report('get', key, duration, { hits: isHit ? 1 : 0, misses: isHit ? 0 : 1, tier, namespace }, true);
  }

  /** Reports an L1 hit that stands for `sampleEvery` of them. */
  sampledHit(operation: CacheOperation, namespace: string, key: string, duration: number): void {
    this.#sendToMonitor({
      cache: this.#name,
      operation,
      duration,
      key,
      namespace,
      hit: true,
      tier: 'l1',
      success: true,
      calls: this.sampleEvery,
    });
  }

  /** True if the monitor wants the runs of loaders. */
  get watchesLoads(): boolean {
    return this.#loads !== undefined;
  }

  /** Reports one run of a loader. `duration`: milliseconds. */
  loaded(key: string, duration: number, success: boolean): void {
    const monitor = this.#loads;
    if (monitor === undefined) return;
    runSafely(() => monitor.recordLoad?.({ cache: this.#name, key, duration, success }));
  }

  /** Reports an invalidation of tags. */
  invalidated(operation: TagRecord['operation'], tags: readonly string[]): void {
    const monitor = this.#given;
    if (monitor?.recordInvalidation === undefined) return;
    runSafely(() => monitor.recordInvalidation?.({ cache: this.#name, operation, tags }));
  }

  #sendToMonitor(record: OperationRecord): void {
    const monitor = this.#monitor;
    if (monitor === undefined) return;
    try {
      const result: unknown = monitor.recordCacheOperationTime?.(record);
      if (result !== undefined) runSafely(() => result);
    } catch {
      // A failing monitor must not fail the operation.
    }
  }

  /** Runs `work`, reports its outcome and duration, and traces it. */
  observe<T>(
    operation: CacheOperation,
    key: string | undefined,
    outcome: CallOutcome,
    work: (outcome: CallOutcome) => Promise<T>,
  ): Promise<T> {
    const { trace } = outcome;
    if (trace === undefined) return this.#measured(operation, key, outcome, work);
    return this.tracing.call(trace, async () => {
      try {
        const result = await this.#measured(operation, key, outcome, work);
        if (operation === 'get' || operation === 'getOrSet') trace.holds(result);
        return result;
      } finally {
        trace.hits = outcome.hits;
        trace.misses = outcome.misses;
        trace.tier = outcome.tier;
        trace.ended();
      }
    });
  }

  async #measured<T>(
    operation: CacheOperation,
    key: string | undefined,
    outcome: CallOutcome,
    work: (outcome: CallOutcome) => Promise<T>,
  ): Promise<T> {
    if (this.#monitor === undefined && this.#hook === undefined && !activity.enabled) return work(outcome);
    const start = performance.now();
    let success = false;
    try {
      const result = await work(outcome);
      success = true;
      return result;
    } finally {
      this.#report(operation, key, performance.now() - start, outcome, success);
    }
  }

  #report(
    operation: CacheOperation,
    key: string | undefined,
    duration: number,
    outcome: Measured,
    success: boolean,
  ): void {
    const asked = outcome.hits + outcome.misses;
    if (activity.enabled) note(operation, outcome, duration);
    if (this.#monitor === undefined && this.#hook === undefined) return;
    const record: OperationRecord = {
      cache: this.#name,
      operation,
      duration,
      key,
      namespace: outcome.namespace,
      hit: asked === 0 ? undefined : outcome.misses === 0,
      tier: outcome.tier,
      success,
    };
    this.#sendToMonitor(record);
    const hook = this.#hook;
    if (hook !== undefined) runSafely(() => hook(record));
  }
}

function note(operation: CacheOperation, outcome: Measured, duration: number): void {
  // The first activity carries the duration of the whole call.
  let ms: number | undefined = duration;
  for (let i = 0; i < outcome.hits; i++, ms = undefined) activity.note('hit', outcome.tier, ms);
  for (let i = 0; i < outcome.misses; i++, ms = undefined) activity.note('miss', undefined, ms);
  if (operation === 'set' || operation === 'setMany') activity.note('set', undefined, ms);
}
