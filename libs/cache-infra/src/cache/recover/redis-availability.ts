import { failureKind, isTemporary } from '../../tiers/redis/errors.js';
import type { RedisTier } from '../../tiers/redis/redis-tier.js';
import type { CacheEmitter } from '../observe/emitter.js';
import type { CacheLogger } from '../contract/logger.js';
import type { Recovery } from './recovery.js';

export interface AvailabilityListener {
  /** Redis is in service for the first time. */
  onFirstReady(): void;
  /** Redis is back, and has what it missed. */
  onRecovered(): void;
}

/** Between attempts to make up for what Redis missed, when one ends early. */
const retryMs = 1000;

/**
 * Knows whether Redis is in service, tells so once per change, and when it is back brings it up to date: time, scripts,
 * and the changes that did not reach it.
 */
export class RedisAvailability {
  readonly #title: string;
  readonly #l2: RedisTier;
  readonly #recovery: Recovery;
  readonly #emitter: CacheEmitter;
  readonly #logger: CacheLogger | undefined;
  readonly #callbacks: AvailabilityListener;
  #seen = false;
  #degraded = false;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(
    title: string,
    l2: RedisTier,
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
      // It went away again, or is slow: another try, unless the next connection comes first.
      this.#retryLater();
    });
  }

  onUnavailable(reason: string): void {
    if (this.#degraded || this.#closed) return;
    this.#degraded = true;
    this.#logger?.warn(`${this.#title} unavailable (${reason}), continuing without it`);
    this.#emitter.emit('degraded', { reason });
  }

  /** Something waits for Redis: if that is in service, the next try is not far. */
  retrySoon(): void {
    if (this.#timer === undefined) this.#retryLater();
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
  }

  async #bringUp(): Promise<void> {
    if (this.#closed || this.#l2.connection.status !== 'ready') return;
    await Promise.all([this.#l2.synchronizeClock().catch(unlessTemporary), this.#l2.executor.loadScripts()]);
    if (!(await this.#recovery.replay())) throw new Error('Redis became unavailable during the replay');
    if (this.#closed) return;
    if (!this.#seen) this.#callbacks.onFirstReady();
    this.#seen = true;
    if (!this.#degraded) return;
    this.#degraded = false;
    // What was stored while Redis did not answer is tracked by nobody.
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

/** What Redis refuses it will refuse again: going on without it is better than waiting for it. */
function unlessTemporary(error: unknown): void {
  if (isTemporary(failureKind(error))) throw error;
}
