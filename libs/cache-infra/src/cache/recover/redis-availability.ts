import { failureKind, isTemporary } from '../../tiers/redis/errors.js';
import type { RemoteTier } from '../../tiers/remote-tier.js';
import type { CacheEmitter } from '../observe/emitter.js';
import type { CacheLogger } from '../contract/logger.js';
import type { Recovery } from './recovery.js';

export interface AvailabilityListener {
  /** Redis is available for the first time. */
  onFirstReady(): void;
  /** Redis is available again, and the journal is replayed. */
  onRecovered(): void;
}

/** Pause before the next attempt to bring Redis up, milliseconds. */
const retryMs = 1000;

/**
 * Tracks whether Redis is available, and logs each change once. Brings Redis up when it becomes available: synchronizes
 * the clock, loads the scripts and replays the journal. Only then Redis counts as recovered; a failed attempt is
 * repeated.
 */
export class RedisAvailability {
  readonly #title: string;
  readonly #l2: RemoteTier;
  readonly #recovery: Recovery;
  readonly #emitter: CacheEmitter;
  readonly #logger: CacheLogger | undefined;
  readonly #callbacks: AvailabilityListener;
  #wasAvailable = false;
  #degraded = false;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(
    title: string,
    l2: RemoteTier,
    recovery: Recovery,
    emitter: CacheEmitter,
    logger: CacheLogger | undefined,
    callbacks: AvailabilityListener,
  ) {
    this.#title = title;
    this.#l2 = l2;
    this.#recovery = recovery;
    this.#emitter = emitter;
    this.#logger = logger;
    this.#callbacks = callbacks;
  }

  onReady(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#bringUp().catch(() => {
      // Redis became unavailable again, or is slow. A new connection may trigger the next attempt earlier.
      this.#retryLater();
    });
  }

  onUnavailable(reason: string): void {
    if (this.#degraded || this.#closed) return;
    this.#degraded = true;
    this.#logger?.warn(`${this.#title} unavailable (${reason}), continuing without it`);
    this.#emitter.emit('degraded', { reason });
  }

  /** The journal has an entry: replays it soon, unless an attempt is scheduled already. */
  retrySoon(): void {
    if (this.#timer === undefined) this.#retryLater();
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
  }

  async #bringUp(): Promise<void> {
    if (this.#closed || this.#l2.link.status !== 'ready') return;
    await Promise.all([this.#l2.clock.learn().catch(unlessTemporary), this.#l2.link.loadScripts()]);
    if (!(await this.#recovery.replay())) throw new Error('Redis became unavailable during the replay');
    if (this.#closed) return;
    if (!this.#wasAvailable) this.#callbacks.onFirstReady();
    this.#wasAvailable = true;
    if (!this.#degraded) return;
    this.#degraded = false;
    // Redis does not track L1 entries that were stored during the outage.
    this.#callbacks.onRecovered();
    this.#logger?.log(`${this.#title} available again`);
    this.#emitter.emit('recovered', {});
  }

  #retryLater(): void {
    if (this.#closed) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.onReady();
    }, retryMs);
    this.#timer.unref();
  }
}

/** Redis would refuse the same command again: continue without the clock instead of waiting for it. */
function unlessTemporary(error: unknown): void {
  if (isTemporary(failureKind(error))) throw error;
}
