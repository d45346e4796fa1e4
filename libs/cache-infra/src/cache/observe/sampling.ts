import { activity } from './activity.js';
import type { CacheEmitter } from './emitter.js';
import type { Observer } from './observer.js';

/**
 * Decides which calls are measured. A monitor gets one plain L1 hit in `sampleEvery`; a hook, a listener for `hit`, or
 * a request that attributes calls gets all of them. The counters stay exact whatever is sampled.
 */
export class Sampling {
  readonly #observer: Observer;
  readonly #emitter: CacheEmitter;
  readonly #isUnobserved: boolean;
  readonly #hasHook: boolean;
  #hitsUntilMeasured: number;
  #setsUntilMeasured = 1;

  constructor(observer: Observer, emitter: CacheEmitter) {
    this.#observer = observer;
    this.#emitter = emitter;
    this.#isUnobserved = observer.isIdle;
    this.#hasHook = observer.hasHook;
    this.#hitsUntilMeasured = observer.sampleEvery;
  }

  /** Counts down to the next measured hit; true = don't measure this one. */
  skipHit(): boolean {
    return --this.#hitsUntilMeasured > 0;
  }

  /** Starts a new sampling interval. */
  restart(): void {
    this.#hitsUntilMeasured = this.#emitter.has('hit') ? 1 : this.#observer.sampleEvery;
  }

  get measuresEveryHit(): boolean {
    return this.#hitsUntilMeasured <= 1;
  }

  /** Counts down to the next measured set; true = don't measure this one, and no listener needs it. */
  skipSet(): boolean {
    if (activity.enabled || this.#emitter.isUsed) return false;
    if (this.#isUnobserved) return true;
    if (--this.#setsUntilMeasured > 0) return true;
    this.#setsUntilMeasured = this.#observer.sampleEvery;
    return false;
  }

  /** True if only the monitor watches calls: no hook, no listener, no request that attributes them. */
  get hasMonitorOnly(): boolean {
    return !this.#hasHook && !activity.enabled && !this.#emitter.isUsed;
  }

  /** `performance.now()` where the monitor wants durations; 0 where it does not. */
  startTiming(): number {
    return this.#isUnobserved ? 0 : performance.now();
  }
}
