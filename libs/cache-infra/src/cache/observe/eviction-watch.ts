import type { Clock } from '../../base/clock.js';
import type { Counters } from './counters.js';
import type { CacheLogger } from '../contract/logger.js';
import { harmless } from './logger.js';

const windowMs = 60_000;
/** In a minute; fewer are no sign of anything. */
const fewEvictions = 100;
/** Evictions between two looks at the clock. */
const stride = 16;

export interface EvictionWatchOptions {
  readonly name: string;
  readonly maxSize: number;
  /** The option that says how many entries memory holds. */
  readonly option: string;
  readonly clock: Clock;
  readonly counters: Pick<Counters, 'evictions' | 'l1Hits'>;
  readonly logger: CacheLogger | undefined;
}

/**
 * Warns, once, of a cache that evicts more entries from memory within a minute than it answers calls from there: it is too small to be
 * of use. There is no timer: an eviction looks at the clock now and then.
 */
export class EvictionWatch {
  readonly #options: EvictionWatchOptions;
  #isOver: boolean;
  #untilLook = 1;
  #start: { readonly at: number; readonly evictions: number; readonly hits: number } | undefined;

  constructor(options: EvictionWatchOptions) {
    this.#options = options;
    this.#isOver = options.logger === undefined;
  }

  /** An entry was evicted, and counted. */
  evicted(): void {
    if (this.#isOver || --this.#untilLook > 0) return;
    this.#untilLook = stride;
    const { clock, counters } = this.#options;
    const now = clock.now();
    const { at, evictions, hits } = (this.#start ??= this.#from(now));
    if (now - at < windowMs) return;
    const [evicted, answered] = [counters.evictions - evictions, counters.l1Hits - hits];
    if (evicted >= fewEvictions && evicted > answered) this.#warn(evicted, answered);
    this.#start = this.#from(now);
  }

  #from(at: number): { at: number; evictions: number; hits: number } {
    const { evictions, l1Hits } = this.#options.counters;
    return { at, evictions, hits: l1Hits };
  }

  #warn(evicted: number, answered: number): void {
    this.#isOver = true;
    const { logger, name, maxSize, option } = this.#options;
    if (logger === undefined) return;
    harmless(logger).warn(
      `Cache '${name}' evicted ${String(evicted)} L1 entries and served ${String(answered)} L1 hits within a minute: ` +
        `its L1 holds ${String(maxSize)} entries, too few for the keys that are read. Raise ${option}.`,
    );
  }
}
