import { ValidationError } from '../../base/errors.js';
import { describeValue } from '../../base/redact.js';
import { portionSize, Turn } from '../../base/turn.js';
import type { BulkDecisions, BulkLoadContext, BulkLoader } from '../contract/bulk-load.js';
import type { LoadContext } from '../contract/options.js';
import { readBulk } from './bulk-result.js';
import { runAs } from './calling-flight.js';
import type { SingleFlight } from './single-flight.js';

/** Loads that are settled in one turn of the event loop: each goes on to be stored in that turn. */
const settledAtOnce = 100;

/** The load of one key, which waits for a loader call. */
export interface WaitingLoad {
  readonly key: string;
  readonly flight: SingleFlight;
  readonly context: LoadContext;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * One call of a loader of many keys. Its calls of the cache belong to the first load, and the other loads follow that
 * one, so that the search for circular loads covers every key of the loader.
 */
export class BulkChunk {
  readonly #loads: readonly WaitingLoad[];
  #turn: () => void = ignore;

  /** `loads`: at least one. */
  constructor(loads: readonly WaitingLoad[]) {
    this.#loads = loads;
    for (const { flight } of loads) if (flight !== this.head) flight.follow(this.head);
  }

  /** The load that stands for the loader call. */
  get head(): SingleFlight {
    return (this.#loads[0] as WaitingLoad).flight;
  }

  /** This call waits for its turn, until the other one has ended. */
  waitsFor(other: BulkChunk): void {
    this.#turn = this.head.awaits(other.head);
  }

  /** Runs the loader. Returns the function that hands its values to the loads, in several turns of the event loop. */
  async run(loader: BulkLoader<unknown>): Promise<() => Promise<void>> {
    this.#turn();
    const loads = this.#loads.filter(({ flight }) => !flight.isAbandoned);
    const abandoned = this.#loads.filter(({ flight }) => flight.isAbandoned);
    const rejecting = settleAll(abandoned, ({ flight, reject }) => {
      reject(flight.abandonReason);
    });
    if (loads.length === 0) return () => rejecting;
    try {
      const missing = loads.map(({ key }) => key);
      const result = await runAs(this.head, () => loader(missing, new Context(loads)));
      const valueOf = await readBulk(result, missing);
      return () =>
        settleAll(loads, ({ key, resolve, reject }, index) => {
          try {
            resolve(valueOf(key, index));
          } catch (error) {
            // A getter of the result.
            reject(error);
          }
        });
    } catch (error) {
      return () =>
        settleAll(loads, ({ reject }) => {
          reject(error);
        });
    }
  }
}

/** Settles loads in portions. Each waits until the one before is stored: Redis must not get all values at once. */
async function settleAll(
  loads: readonly WaitingLoad[],
  settle: (load: WaitingLoad, index: number) => void,
): Promise<void> {
  const turn = new Turn();
  for (let from = 0; from < loads.length; from += portionSize) {
    const portion = loads.slice(from, from + portionSize);
    for (let i = 0; i < portion.length; i++) {
      if (i % settledAtOnce === settledAtOnce - 1) await turn.next();
      settle(portion[i] as WaitingLoad, from + i);
    }
    if (from + portionSize < loads.length) await Promise.all(portion.map(({ flight }) => flight.ended()));
  }
}

/**
 * The contexts of the single keys of a loader call: refusals are reported under them. None for a context of another
 * implementation.
 */
export let contextsOf: (ctx: BulkLoadContext) => readonly LoadContext[];

/** The context of one loader call. */
class Context implements BulkLoadContext {
  readonly #loads: readonly WaitingLoad[];

  static {
    contextsOf = (ctx) => (#loads in ctx ? ctx.#loads.map(({ context }) => context) : []);
  }
  #byKey: Map<string, LoadContext> | undefined;
  #signal: AbortSignal | undefined;
  #stale: Map<string, unknown> | undefined;

  constructor(loads: readonly WaitingLoad[]) {
    this.#loads = loads;
    // Loaders destructure their context: `(missing, { set }) => …`.
    this.set = this.set.bind(this);
  }

  get signal(): AbortSignal {
    this.#signal ??= whenAllAbort(this.#loads.map(({ flight }) => flight.signal));
    return this.#signal;
  }

  get stale(): ReadonlyMap<string, unknown> {
    if (this.#stale !== undefined) return this.#stale;
    this.#stale = new Map();
    for (const { key, context } of this.#loads) {
      if (context.stale !== undefined) this.#stale.set(key, context.stale);
    }
    return this.#stale;
  }

  set(key: string, { ttl, tags, skipStore }: BulkDecisions): void {
    this.#byKey ??= new Map(this.#loads.map((load) => [load.key, load.context]));
    const context = this.#byKey.get(key);
    if (context === undefined) {
      throw new ValidationError(
        `set() got ${describeValue(key)}, which is not among the ${this.#loads.length} missing keys of this loader call`,
      );
    }
    if (ttl !== undefined) context.ttl(ttl);
    if (tags !== undefined) context.tags(...tags);
    if (skipStore === true) context.skipStore();
  }
}

/** Aborts with the last of the signals. */
function whenAllAbort(signals: readonly AbortSignal[]): AbortSignal {
  const [only] = signals;
  if (signals.length === 1 && only !== undefined) return only;
  const controller = new AbortController();
  let left = 0;
  for (const signal of signals) {
    if (signal.aborted) continue;
    left++;
    signal.addEventListener(
      'abort',
      () => {
        if (--left === 0) controller.abort(signal.reason);
      },
      { once: true },
    );
  }
  if (left === 0) controller.abort(only?.reason);
  return controller.signal;
}

function ignore(): void {
  // The call need not wait for its turn.
}
