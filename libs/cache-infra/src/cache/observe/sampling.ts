import { activity } from './activity.js';
import type { CacheEmitter } from './emitter.js';
import type { Observer } from './observer.js';

/**
 * Decides which calls are measured. A monitor or tracer gets one plain L1 hit in its `sampleEvery`; a hook, a listener
 * for `hit`, or a request that attributes calls gets all of them. The counters stay exact whatever is sampled.
 *
 * A hit pays for one countdown, whether anything is sampled or not. When it ends, the hit is measured for those that
 * are due, and the tracing is asked whether it was turned on meanwhile.
 */
export class Sampling {
  readonly #observer: Observer;
  readonly #emitter: CacheEmitter;
  readonly #isUnobserved: boolean;
  readonly #hasHook: boolean;
  #hitsUntilMeasured: number;
  #setsUntilMeasured = 1;
  /** Hits that the last countdown stood for. */
  #every: number;
  #untilMonitored: number;
  #untilTraced: number;

  constructor(observer: Observer, emitter: CacheEmitter) {
    this.#observer = observer;
    this.#emitter = emitter;
    this.#isUnobserved = observer.isIdle;
    this.#hasHook = observer.hasHook;
    this.#every = this.#interval();
    this.#hitsUntilMeasured = this.#every;
    this.#untilMonitored = observer.sampleEvery;
    this.#untilTraced = observer.tracing.sampleEvery;
  }

  /** Counts down to the next measured hit; true = don't measure this one. */
  skipHit(): boolean {
    return --this.#hitsUntilMeasured > 0;
  }

  /** Begins a new interval if the last one has ended, or is longer than it needs to be by now. */
  restart(): void {
    const every = this.#interval();
    if (this.#hitsUntilMeasured > 0 && this.#hitsUntilMeasured <= every) return;
    this.#hitsUntilMeasured = every;
    this.#every = every;
  }

  /** True if a hook or a listener gets every hit: hits take the measured path. */
  get measuresEveryHit(): boolean {
    return this.#emitter.has('hit') || this.#observer.sampleEvery <= 1;
  }

  /** At the end of a countdown: whether the monitor is due. */
  isMonitorDue(): boolean {
    if (this.#isUnobserved) return false;
    this.#untilMonitored -= this.#every;
    if (this.#untilMonitored > 0) return false;
    this.#untilMonitored += this.#observer.sampleEvery;
    return true;
  }

  /** The hits that a traced one stands for, if one is due; 0 = none is. `count`: hits since the last question. */
  tracedHits(count = this.#every): number {
    const { tracing } = this.#observer;
    if (!tracing.isOn) return 0;
    const { sampleEvery } = tracing;
    this.#untilTraced = Math.min(this.#untilTraced, sampleEvery) - count;
    if (this.#untilTraced > 0) return 0;
    this.#untilTraced += sampleEvery;
    return sampleEvery;
  }

  /** Counts down to the next measured set; true = don't measure this one, and no listener needs it. */
  skipSet(): boolean {
    if (activity.enabled || this.#emitter.isUsed) return false;
    if (--this.#setsUntilMeasured > 0) return true;
    this.#setsUntilMeasured = this.#interval();
    return this.#isUnobserved && !this.#observer.tracing.isOn;
  }

  /** True if only the monitor watches calls: no hook, no listener, no tracer, no request that attributes them. */
  get hasMonitorOnly(): boolean {
    return !this.#hasHook && !activity.enabled && !this.#emitter.isUsed && !this.#observer.tracing.isOn;
  }

  /** `performance.now()` where the monitor wants durations; 0 where it does not. */
  startTiming(): number {
    return this.#isUnobserved ? 0 : performance.now();
  }

  #interval(): number {
    if (this.#emitter.has('hit')) return 1;
    return Math.min(this.#observer.sampleEvery, this.#observer.tracing.sampleEvery);
  }
}
