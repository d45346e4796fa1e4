import { runSafely } from '../cache/observe/emitter.js';
import type { RedisCache } from '../cache/redis-cache.js';
import { engineOf } from '../cache/tiered-cache.js';
import { failureKind, isFinal } from '../tiers/redis/errors.js';
import { FleetStore } from './fleet-store.js';
import type { InstanceSummary } from './summary.js';
import { encoded } from './wire.js';

/** How an instance publishes its summary. */
export interface PublisherOptions {
  /** Of the instance. */
  readonly id: string;
  /** Milliseconds between two summaries. A summary expires after three times as long. */
  readonly everyMs: number;
  /**
   * Names of the caches whose keys and tags the summary may name: those in the Redis that gets the summary, for their
   * keys stand there anyway.
   */
  readonly named: ReadonlySet<string>;
  /** Makes the summary of the instance. */
  summary(): Promise<InstanceSummary>;
  /** Told once why Redis does not take summaries. */
  refused?(message: string): void;
}

/** Lives of a summary, in periods of its publisher: two may be lost before the instance vanishes. */
const lives = 3;

/**
 * Publishes the summary of this instance in Redis, under the key prefix of `cache`, at once and every `everyMs`. While
 * Redis is unavailable it publishes nothing. Its timer keeps no process alive. Nothing is thrown.
 */
export class FleetPublisher {
  readonly #cache: RedisCache;
  readonly #store: FleetStore | undefined;
  readonly #options: PublisherOptions;
  readonly #publishSoon = (): void => {
    // A summary that takes longer than the period delays the next one.
    if (this.#publishing !== undefined || this.#isClosed || !this.#isPossible) return;
    this.#publishing = this.#publish().finally(() => {
      this.#publishing = undefined;
    });
  };
  #timer: NodeJS.Timeout | undefined;
  #publishing: Promise<void> | undefined;
  #isClosed = false;

  constructor(cache: RedisCache, options: PublisherOptions) {
    const { l2, keyPrefix } = engineOf(cache);
    this.#cache = cache;
    this.#store = l2 && new FleetStore(l2.server, keyPrefix);
    this.#options = options;
  }

  start(): void {
    if (this.#timer !== undefined || this.#isClosed || this.#store === undefined) return;
    this.#timer = setInterval(this.#publishSoon, this.#options.everyMs);
    this.#timer.unref();
    this.#cache.on('recovered', this.#publishSoon);
    // The application may have started before Redis was connected.
    this.#cache.connect().then(this.#publishSoon, ignore);
  }

  /** Removes the summary, if Redis answers: else it expires. */
  async close(): Promise<void> {
    this.#isClosed = true;
    clearInterval(this.#timer);
    this.#cache.off('recovered', this.#publishSoon);
    await this.#publishing;
    if (this.#store === undefined || !this.#isPossible) return;
    await this.#store.withdraw(this.#options.id).catch(ignore);
  }

  get #isPossible(): boolean {
    const { l2, lifecycle } = engineOf(this.#cache);
    return l2?.link.inService === true && !lifecycle.closed;
  }

  async #publish(): Promise<void> {
    const { id, everyMs, named } = this.#options;
    try {
      const bytes = await encoded(await this.#options.summary(), named);
      if (bytes === undefined || this.#isClosed) return;
      await this.#store?.publish(id, bytes, lives * everyMs);
    } catch (error) {
      // An outage is known already: the cache tells of it.
      if (!isFinal(failureKind(error))) return;
      clearInterval(this.#timer);
      runSafely(() => this.#options.refused?.((error as Error).message));
    }
  }
}

function ignore(): void {
  // Without Redis there is nothing to publish to, and a summary expires by itself.
}
