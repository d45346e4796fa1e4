import { AsyncResource } from 'node:async_hooks';
import { setImmediate } from 'node:timers';

import type { BulkLoader } from '../contract/bulk-load.js';
import type { LoadContext } from '../contract/options.js';
import type { BulkPlan } from '../entry/bulk-plan.js';
import { BulkChunk, type LoadToCall } from './bulk-chunk.js';
import { callingFlight } from './calling-flight.js';
import { LeaseGate } from './lease-gate.js';
import type { SingleFlight } from './single-flight.js';

/**
 * The loads of one call for many keys. Each key has a load of its own, with its own flight, guard and lease, which asks
 * for its value by {@link load}. The values come from few calls of the caller's loader.
 *
 * *Deciding.* A key is decided once its load waits for its value here, or waits for another load or another instance,
 * or has its answer. Asking Redis is bounded in time, and so is deciding. The loader is called once every key is
 * decided. So a load that waits here holds its lease while other keys are asked for, but never while another instance
 * is waited for: two calls with leases cannot wait for each other.
 *
 * *Late loads.* A load may need its value after that: the instance that it waited for has failed, or a hit has started
 * a refresh. Late loads of one turn of the event loop share a loader call.
 */
export class BulkLoad {
  readonly #loader: BulkLoader<unknown>;
  readonly #plan: Pick<BulkPlan, 'chunkSize' | 'concurrency' | 'absent'>;
  readonly #indexOf: ReadonlyMap<string, number>;
  readonly #gate = new LeaseGate();
  /** Runs the loader in the context of the call, whichever load asks last. */
  readonly #inContext = AsyncResource.bind((work: () => void) => {
    work();
  });
  /** Number of keys and loads that are not decided. */
  #undecided = 0;
  #allBegun = false;
  #whenCalm: (() => void)[] = [];
  #waiting: LoadToCall[] = [];
  #isCalling = false;
  readonly #queue: BulkChunk[] = [];
  readonly #running = new Set<BulkChunk>();

  /** `indexOf`: the keys, in the order in which the loader gets them. */
  constructor(
    loader: BulkLoader<unknown>,
    plan: Pick<BulkPlan, 'chunkSize' | 'concurrency' | 'absent'>,
    indexOf: ReadonlyMap<string, number>,
  ) {
    this.#loader = loader;
    this.#plan = plan;
    this.#indexOf = indexOf;
  }

  /** The loader of each key that is not driven. */
  readonly load = (context: LoadContext): Promise<unknown> =>
    new Promise((resolve, reject) => {
      // A loader is called by its flight.
      const flight = callingFlight() as SingleFlight;
      const { key } = context;
      this.needsValue({ key, index: this.#indexOf.get(key) ?? Infinity, flight, context, resolve, reject });
    });

  /** A load waits for its value: the loader is called for it once every key is decided. */
  needsValue(load: LoadToCall): void {
    this.#waiting.push(load);
    this.#gate.runs(load.flight);
    if (this.#undecided === 0) this.#callSoon();
  }

  /** A key is being looked up. Call {@link decided} once it is decided. */
  begin(): void {
    this.#undecided++;
  }

  /** A load has begun. */
  started(flight: SingleFlight): void {
    this.#undecided++;
    // A load that needs its value has called `load` by then.
    flight.whenTiersAsked(this.decided);
  }

  /** Waits until the load may ask for its lease. */
  readonly beforeLease = (flight: SingleFlight): Promise<void> | undefined => {
    const mayEnter = this.#gate.wait(flight);
    if (mayEnter !== undefined) this.decided();
    return mayEnter;
  };

  /** Every key has begun. */
  allBegun(): void {
    this.#allBegun = true;
    this.#goOn();
  }

  /** Resolves once every key that has begun is decided, or waits until it may ask for its lease. */
  async calm(): Promise<void> {
    if (this.#undecided === 0) return;
    await new Promise<void>((resolve) => {
      this.#whenCalm.push(resolve);
    });
  }

  /** A key or a load is decided. */
  readonly decided = (): void => {
    if (--this.#undecided > 0) return;
    for (const resolve of this.#whenCalm.splice(0)) resolve();
    this.#goOn();
  };

  /** Calls the loader if every key is decided. */
  #goOn(): void {
    if (!this.#allBegun || this.#undecided > 0) return;
    if (this.#gate.state === 'open') this.#call();
    else if (this.#gate.state === 'closed') void this.#openGate();
  }

  async #openGate(): Promise<void> {
    await this.#gate.open((count) => {
      this.#undecided += count;
      return this.calm();
    });
    this.#goOn();
  }

  #callSoon(): void {
    if (this.#isCalling || !this.#allBegun || this.#gate.state !== 'open') return;
    this.#isCalling = true;
    setImmediate(() => {
      this.#isCalling = false;
      this.#goOn();
    });
  }

  /** Calls the loader for the loads that wait for it. */
  #call(): void {
    if (this.#waiting.length === 0) return;
    const loads = inOrder(this.#waiting);
    this.#waiting = [];
    const { chunkSize, absent } = this.#plan;
    for (let from = 0; from < loads.length; from += chunkSize) {
      this.#add(new BulkChunk(loads.slice(from, from + chunkSize), absent));
    }
    this.#inContext(() => {
      this.#runNext();
    });
  }

  #add(chunk: BulkChunk): void {
    const before = this.#queue.at(-1) ?? [...this.#running].at(-1);
    if (before !== undefined) chunk.waitsFor(before);
    this.#queue.push(chunk);
  }

  #runNext(): void {
    for (let next = this.#queue[0]; next !== undefined; next = this.#queue[0]) {
      if (this.#running.size >= this.#plan.concurrency && !this.#isAwaited(next)) return;
      this.#queue.shift();
      void this.#run(next);
    }
  }

  /** A running loader call waits for this one: it must not wait for its turn. */
  #isAwaited(chunk: BulkChunk): boolean {
    for (const running of this.#running) if (running.head.dependsOn(chunk.head)) return true;
    return false;
  }

  async #run(chunk: BulkChunk): Promise<void> {
    this.#running.add(chunk);
    const settle = await chunk.run(this.#loader);
    this.#running.delete(chunk);
    this.#runNext();
    await settle();
  }
}

/** Loads in the order of their keys, in which most of them are already. */
function inOrder(loads: LoadToCall[]): readonly LoadToCall[] {
  const isSorted = loads.every((load, i) => i === 0 || load.index >= (loads[i - 1] as LoadToCall).index);
  return isSorted ? loads : loads.sort((a, b) => a.index - b.index);
}
