import type { Clock } from '../../base/clock.js';
import type { Counters } from './counters.js';
import type { CacheLogger } from '../contract/logger.js';
import { harmless } from './logger.js';

const windowMs = 60_000;
/** Fewest evictions in a window that are worth a warning. */
const fewEvictions = 100;
/** Evictions between two reads of the clock. */
const stride = 16;

export interface EvictionWatchOptions {
  readonly name: string;
  readonly maxSize: number;
  /** The name of the option that limits the entries of the L1, for the warning. */
  readonly option: string;
  /** Most bytes of the L1. */
  readonly maxBytes: number | undefined;
  /** The name of the option that limits the bytes of the L1. */
  readonly bytesOption: string;
  /** Whether the L1 shares the memory budget of the process. */
  readonly sharesBudget: boolean;
  readonly clock: Clock;
  readonly counters: Pick<Counters, 'evictions' | 'l1Hits'>;
  readonly logger: CacheLogger | undefined;
}

/**
 * Warns once if the L1 evicts more entries within a minute than it serves hits: it is too small for the keys that are
 * read. There is no timer: every few evictions read the clock.
 */
export class EvictionWatch {
  readonly #options: EvictionWatchOptions;
  #isOver: boolean;
  #untilCheck = 1;
  #start: { readonly at: number; readonly evictions: number; readonly hits: number } | undefined;

  constructor(options: EvictionWatchOptions) {
    this.#options = options;
    this.#isOver = options.logger === undefined;
  }

  /** Call it after an eviction was counted. */
  evicted(): void {
    if (this.#isOver || --this.#untilCheck > 0) return;
    this.#untilCheck = stride;
    const { clock, counters } = this.#options;
    const now = clock.now();
    const { at, evictions, hits } = (this.#start ??= this.#from(now));
    if (now - at < windowMs) return;
    const [evicted, served] = [counters.evictions - evictions, counters.l1Hits - hits];
    if (evicted >= fewEvictions && evicted > served) this.#warn(evicted, served);
    this.#start = this.#from(now);
  }

  #from(at: number): { at: number; evictions: number; hits: number } {
    const { evictions, l1Hits } = this.#options.counters;
    return { at, evictions, hits: l1Hits };
  }

  #warn(evicted: number, served: number): void {
    this.#isOver = true;
    const { logger, name, maxSize, option, maxBytes, bytesOption, sharesBudget } = this.#options;
    if (logger === undefined) return;
    const bytes = maxBytes === undefined ? '' : ` or ${String(maxBytes)} bytes`;
    const inBytes = maxBytes === undefined ? [] : [bytesOption];
    const shared = sharesBudget ? ['memoryBudget (CACHE_MEMORY_BUDGET)'] : [];
    const options = [option, ...inBytes, ...shared].join(' or ');
    harmless(logger).warn(
      `Cache '${name}' evicted ${String(evicted)} L1 entries and served ${String(served)} L1 hits within a minute: ` +
        `its L1 holds ${String(maxSize)} entries${bytes}, too few for the keys that are read. Raise ${options}.`,
    );
  }
}
