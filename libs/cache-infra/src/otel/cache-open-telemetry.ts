import { createNoopMeter, metrics, trace, type MeterProvider, type TracerProvider } from '@opentelemetry/api';
import type { AiCacheService } from '../ai/index.js';
import {
  assertOptions,
  booleanValue,
  objectWith,
  oneOf,
  positiveInteger,
  type Checks,
} from '../base/checks.js';
import type { Cache } from '../cache/contract/cache.js';
import { assertCache, ShownByName } from '../metrics/shown-by-name.js';
import type { CacheTracer } from '../cache/contract/tracing.js';
import { WatchedCache } from '../metrics/watched-cache.js';
import { CacheInstruments, type ObservedSources } from './cache-instruments.js';
import { DurationTracer } from './duration-tracer.js';
import type { ShownKeys } from './shown-keys.js';
import { SpanTracer } from './span-tracer.js';

const subject = 'CacheOpenTelemetry';

export interface CacheOpenTelemetryOptions {
  /** Where spans go. Default: the global provider, also one that is registered later. */
  tracerProvider?: TracerProvider | undefined;
  /** Where metrics go. Default: the global provider, also one that is registered later. */
  meterProvider?: MeterProvider | undefined;
  /**
   * How spans show keys: `'hash'` = the first 16 characters of their SHA-256; `'plain'` = as they are; `'none'` = not
   * at all. A hash hides a key from readers, not from a reader who guesses it. Metrics never have keys. Default
   * `'hash'`.
   */
  keys?: ShownKeys | undefined;
  /** Whether calls and loads become spans. Default true. */
  traces?: boolean | undefined;
  /** Whether the counters of the caches become metrics. Default true. */
  metrics?: boolean | undefined;
  /**
   * One L1 hit in this many gets a span, and one set of a cache without Redis; other calls all do. A recorded span
   * takes more than twenty times as long as a hit. 1 = every hit, for Sentry's miss rate, which counts spans. Default
   * 1024.
   */
  sampleEvery?: number | undefined;
  /** True = L1 hits get no span. Default false. */
  ignoreHits?: boolean | undefined;
}

const checks: Checks = {
  tracerProvider: objectWith('getTracer'),
  meterProvider: objectWith('getMeter'),
  keys: oneOf('hash', 'plain', 'none'),
  traces: booleanValue,
  metrics: booleanValue,
  sampleEvery: positiveInteger,
  ignoreHits: booleanValue,
};

const scope = 'nestjs-cache-infra';
const defaultSampleEvery = 1024;
/** One L1 hit in this many has its duration recorded, which takes a part of the time of a span. */
const durationEvery = 128;
/** Milliseconds between two looks for a global meter provider, until there is one. */
const lookEveryMs = 1000;

/** A cache whose engine takes tracers. A spy, or a cache of another library, takes none. */
type Traceable = Cache & { traceWith?: (tracer: CacheTracer) => () => void };

/** A watched cache. */
interface Watched {
  readonly cache: Traceable;
  readonly metered: WatchedCache | undefined;
  readonly uninstalls: (() => void)[];
}

/**
 * Shows caches to OpenTelemetry: their calls and loads as spans, their counters as metrics.
 *
 * ```ts
 * const telemetry = new CacheOpenTelemetry();
 * telemetry.watch(cache);
 * ```
 *
 * Spans have the attributes that Sentry's Caches page reads. Attributes of metrics are names of caches, tiers, states
 * and operations, never keys. Without an SDK the API does nothing, and neither does this class.
 */
export class CacheOpenTelemetry {
  readonly #watched = new ShownByName<Watched>(subject);
  readonly #aiCaches = new ShownByName<AiCacheService>(subject);
  readonly #meterProvider: MeterProvider | undefined;
  readonly #spans: SpanTracer | undefined;
  readonly #hasMetrics: boolean;
  #instruments: CacheInstruments | undefined;
  #durations: DurationTracer | undefined;
  #look: NodeJS.Timeout | undefined;

  /** @throws ValidationError that lists every invalid option */
  constructor(options: CacheOpenTelemetryOptions = {}) {
    assertOptions(subject, options, checks);
    const { tracerProvider, keys = 'hash', traces = true, ignoreHits = false } = options;
    const sampleEvery = ignoreHits ? 0 : (options.sampleEvery ?? defaultSampleEvery);
    this.#meterProvider = options.meterProvider;
    this.#hasMetrics = options.metrics ?? true;
    if (traces) this.#spans = new SpanTracer((tracerProvider ?? trace).getTracer(scope), keys, sampleEvery);
    if (this.#hasMetrics) this.#findMeter();
  }

  /**
   * Shows a cache with its namespaces, under its name, until the returned function is called.
   *
   * @throws ValidationError when `cache` is no cache, or another cache of its name is shown
   */
  watch(cache: Cache): () => void {
    assertCache(cache, subject);
    return this.#watched.show(
      cache.name,
      (known) => known.cache === cache,
      () => this.#begin(cache),
      stop,
    );
  }

  /**
   * Shows the calls and savings of an AI cache as metrics, until the returned function is called.
   *
   * @param name the value of the attribute `cache`
   * @throws ValidationError when another AI cache is shown under `name`
   */
  watchAi(ai: AiCacheService, name = 'ai'): () => void {
    return this.#aiCaches.show(
      name,
      (known) => known === ai,
      () => ai,
      () => undefined,
    );
  }

  /** Ends all spans and metrics of this instance from now on. */
  close(): void {
    clearInterval(this.#look);
    this.#instruments?.close();
    for (const watched of this.#watched.values()) stop(watched);
    this.#watched.clear();
    this.#aiCaches.clear();
  }

  #begin(cache: Traceable): Watched {
    const metered = this.#hasMetrics ? new WatchedCache(cache) : undefined;
    const watched: Watched = { cache, metered, uninstalls: [] };
    if (this.#spans !== undefined) install(watched, this.#spans);
    if (this.#durations !== undefined) install(watched, this.#durations);
    return watched;
  }

  /** The API has no meter that waits for its provider, as its tracers do: looks until there is one. */
  #findMeter(): void {
    const meter = (this.#meterProvider ?? metrics).getMeter(scope);
    if (meter === createNoopMeter()) {
      this.#look ??= setInterval(() => {
        this.#findMeter();
      }, lookEveryMs).unref();
      return;
    }
    clearInterval(this.#look);
    this.#instruments = new CacheInstruments(meter, this.#sources());
    this.#durations = new DurationTracer(this.#instruments.durations, durationEvery);
    for (const watched of this.#watched.values()) install(watched, this.#durations);
  }

  #sources(): ObservedSources {
    return {
      caches: () =>
        Promise.all(
          [...this.#watched].flatMap(([cache, { metered }]) =>
            metered === undefined
              ? []
              : [metered.scraped().then((source) => ({ labels: { cache }, source }))],
          ),
        ),
      aiCaches: () =>
        [...this.#aiCaches].flatMap(([cache, ai]) =>
          ai.stats({ by: 'operation' }).groups.map((group) => ({
            labels: { cache, operation: group.name },
            source: group,
          })),
        ),
    };
  }
}

function install({ cache, uninstalls }: Watched, tracer: CacheTracer): void {
  const uninstall = cache.traceWith?.(tracer);
  if (uninstall !== undefined) uninstalls.push(uninstall);
}

function stop({ metered, uninstalls }: Watched): void {
  metered?.stop();
  for (const uninstall of uninstalls) uninstall();
}
