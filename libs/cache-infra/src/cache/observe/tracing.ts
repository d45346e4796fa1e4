import type { BulkLoader } from '../contract/bulk-load.js';
import type { CacheOperation } from '../contract/monitor.js';
import type { CacheTracer, TracedPeer } from '../contract/tracing.js';
import { CallTrace, LoadTrace, type TracedPlace } from './traces.js';
import { channelTracer, hasSubscribers } from './tracing-channels.js';

/** Without a tracer, one L1 hit in this many asks whether the diagnostics channels have subscribers by now. */
const lookEvery = 1024;

/** An L1 hit that has ended. */
interface EndedHit {
  /** By `performance.now()`. */
  readonly start: number;
  readonly value?: unknown;
  /** The hits that this one stands for. */
  readonly sampleEvery: number;
}

/**
 * The tracing of one cache: the tracers installed in it, and the diagnostics channels while they have subscribers.
 *
 * L1 hits, and sets of caches without Redis, take less time than a span: they are sampled. Every other call is traced.
 * A tracer cannot hurt: the caller gets what the work returns, whatever the tracer does.
 */
export class Tracing {
  readonly #cache: string;
  /** The Redis of the cache. */
  readonly #peer: TracedPeer | undefined;
  #tracers: readonly CacheTracer[] = [];

  constructor(cache: string, peer?: TracedPeer) {
    this.#cache = cache;
    this.#peer = peer;
  }

  /** True if a tracer is installed, or a diagnostics channel has subscribers. */
  get isOn(): boolean {
    return this.#tracers.length > 0 || hasSubscribers();
  }

  /** L1 hits from one that may be traced to the next. */
  get sampleEvery(): number {
    let every = hasSubscribers() ? channelTracer.sampleEvery : lookEvery;
    for (const { sampleEvery } of this.#tracers) {
      if (sampleEvery > 0 && sampleEvery < every) every = sampleEvery;
    }
    return every;
  }

  /** Installs a tracer; a second time has no effect. Returns a function that uninstalls it. */
  install(tracer: CacheTracer): () => void {
    if (!this.#tracers.includes(tracer)) this.#tracers = [...this.#tracers, tracer];
    return () => {
      this.#tracers = this.#tracers.filter((it) => it !== tracer);
    };
  }

  /** The trace of a call that begins; undefined = nothing traces it. `key`: see {@link CallTrace}. */
  begin(
    operation: CacheOperation,
    namespace: string,
    key: unknown,
    sampleEvery?: number,
  ): CallTrace | undefined {
    return this.isOn ? new CallTrace(this.#place(namespace), operation, key, sampleEvery) : undefined;
  }

  /** The trace of a load that begins; undefined = nothing traces it. */
  beginLoad(
    namespace: string,
    keys: readonly string[],
    plan?: ConstructorParameters<typeof LoadTrace>[2],
  ): LoadTrace | undefined {
    if (!this.isOn || this.#ofLoads().length === 0) return undefined;
    return new LoadTrace(this.#place(namespace), keys, plan);
  }

  /** A loader of many keys, whose calls are traced as loads. */
  bulkLoader(namespace: string, loader: BulkLoader<unknown>): BulkLoader<unknown> {
    if (typeof loader !== 'function') return loader;
    return (missing, context) => {
      const trace = this.beginLoad(namespace, missing);
      if (trace === undefined) return loader(missing, context);
      return this.load(trace, async () => {
        const values = await loader(missing, context);
        trace.from = 'loader';
        return values;
      });
    };
  }

  /** Runs the work of a call in the contexts of the tracers. The work calls `trace.ended()` at its end. */
  call<T>(trace: CallTrace, work: () => Promise<T>): Promise<T> {
    const tracers = this.#all();
    const within = tracers.filter((tracer) => tracer.call !== undefined && wantsWork(tracer));
    const atEnd = tracers.filter((tracer) => !within.includes(tracer));
    if (atEnd.length > 0) {
      const start = performance.now();
      trace.atEnd(() => {
        for (const tracer of atEnd) ended(tracer, trace, start);
      });
    }
    return nested(within, work, (tracer, inner) => tracer.call?.(trace, inner));
  }

  /** Runs a load in the contexts of the tracers. */
  load<T>(trace: LoadTrace, work: () => Promise<T>): Promise<T> {
    return nested(this.#ofLoads(), work, (tracer, inner) => tracer.load?.(trace, inner));
  }

  /** The tracers that would trace a load that begins now. */
  #ofLoads(): readonly CacheTracer[] {
    return this.#all().filter((tracer) => tracer.load !== undefined && wantsWork(tracer));
  }

  /** Traces an L1 hit that has ended. */
  hit(
    operation: CacheOperation,
    namespace: string,
    key: unknown,
    { start, value, sampleEvery }: EndedHit,
  ): void {
    const wanting = this.#all().filter((tracer) => tracer.sampleEvery > 0 && wantsHit(tracer));
    if (wanting.length === 0) return;
    const trace = new CallTrace(this.#place(namespace), operation, key, sampleEvery);
    trace.hits = trace.keyCount;
    trace.tier = 'l1';
    trace.holds(value);
    for (const tracer of wanting) ended(tracer, trace, start);
  }

  /** Traces a read of several look-ups that has ended. `tier`: undefined = a miss. */
  read(namespace: string, key: string, start: number, tier: 'l1' | 'l2' | undefined): void {
    const trace = new CallTrace(this.#place(namespace), 'get', key);
    if (tier === undefined) trace.misses = 1;
    else trace.hits = 1;
    trace.tier = tier;
    for (const tracer of this.#all()) ended(tracer, trace, start);
  }

  #place(namespace: string): TracedPlace {
    return { cache: this.#cache, namespace, peer: this.#peer };
  }

  #all(): readonly CacheTracer[] {
    return hasSubscribers() ? [...this.#tracers, channelTracer] : this.#tracers;
  }
}

/** Nests tracers around work. The result is that of the work, never that of a tracer. */
function nested<T>(
  tracers: readonly CacheTracer[],
  work: () => Promise<T>,
  trace: (tracer: CacheTracer, inner: () => Promise<T>) => void,
): Promise<T> {
  let run = work;
  for (const tracer of tracers) {
    const inner = run;
    run = () => {
      let made: Promise<T> | undefined;
      const once = (): Promise<T> => (made ??= inner());
      try {
        trace(tracer, once);
      } catch {
        // A failing tracer must not fail the call.
      }
      return once();
    };
  }
  return run();
}

function wantsWork(tracer: CacheTracer): boolean {
  try {
    return tracer.wantsWork?.() !== false;
  } catch {
    return false;
  }
}

function wantsHit(tracer: CacheTracer): boolean {
  try {
    return tracer.wantsHit?.() !== false;
  } catch {
    return false;
  }
}

function ended(tracer: CacheTracer, trace: CallTrace, start: number): void {
  try {
    tracer.ended(trace, start);
  } catch {
    // A failing tracer must not fail the call.
  }
}
