import { ValidationError } from '../../base/errors.js';
import { describeValue } from '../../base/redact.js';
import { portionSize, Turn } from '../../base/turn.js';
import type { Absent, BulkDecisions, BulkLoadContext, BulkLoader } from '../contract/bulk-load.js';
import type { LoadContext } from '../contract/options.js';
import { readBulk } from './bulk-result.js';
import { runAs } from './calling-flight.js';
import type { SingleFlight } from './single-flight.js';

/** Loads that are settled in one turn of the event loop: each goes on to be stored in that turn. */
const settledAtOnce = 100;
/** Loads that are being stored at a time. Redis may answer them all in one turn, in which each of them ends. */
const storedAtOnce = 300;

/** The load of one key, which waits for a loader call. */
export interface LoadToCall {
  readonly key: string;
  /** The place of the key in the call. */
  readonly index: number;
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
  readonly #loads: readonly LoadToCall[];
  readonly #absent: Absent;
  #turn: () => void = ignore;

  /** `loads`: at least one. */
  constructor(loads: readonly LoadToCall[], absent: Absent) {
    this.#loads = loads;
    this.#absent = absent;
    for (const { flight } of loads) if (flight !== this.head) flight.follow(this.head);
  }

  /** The load that stands for the loader call. */
  get head(): SingleFlight {
    return (this.#loads[0] as LoadToCall).flight;
  }

  /** This call waits for its turn, until the other one has ended. */
  waitsFor(other: BulkChunk): void {
    this.#turn = this.head.awaits(other.head);
  }

  /** Runs the loader. Returns the function that hands its values to the loads, in several turns of the event loop. */
  async run(loader: BulkLoader<unknown>): Promise<() => Promise<void>> {
    this.#turn();
    // A loader of many keys, and what is made for it, take a turn each.
    if (this.#loads.length > portionSize) await new Turn().next();
    const loads = this.#loads.filter(({ flight }) => !flight.isAbandoned);
    const abandoned = this.#loads.filter(({ flight }) => flight.isAbandoned);
    const rejecting = settleAll(abandoned, (load) => {
      load.reject(load.flight.abandonReason);
    });
    if (loads.length === 0) return () => rejecting;
    try {
      const missing = loads.map(({ key }) => key);
      const result = await runAs(this.head, () => loader(missing, new Context(loads)));
      const valueOf = await readBulk(result, missing);
      return () =>
        settleAll(loads, (load, index) => {
          let value: unknown;
          try {
            value = valueOf(load.key, index);
          } catch (error) {
            // A getter of the result.
            load.reject(error);
            return;
          }
          load.resolve(value === undefined && this.#absent === 'null' ? null : value);
        });
    } catch (error) {
      return () =>
        settleAll(loads, (load) => {
          load.reject(error);
        });
    }
  }
}

/** Settles loads in portions. Each waits until the one before is stored: Redis must not get all values at once. */
async function settleAll(
  loads: readonly LoadToCall[],
  settle: (load: LoadToCall, index: number) => void,
): Promise<void> {
  const turn = new Turn();
  if (loads.length > portionSize) await turn.next();
  for (let from = 0; from < loads.length; from += storedAtOnce) {
    const portion = loads.slice(from, from + storedAtOnce);
    for (let i = 0; i < portion.length; i++) {
      if (i % settledAtOnce === settledAtOnce - 1) await turn.next();
      settle(portion[i] as LoadToCall, from + i);
    }
    if (from + storedAtOnce < loads.length) await allEnded(portion);
  }
}

async function allEnded(loads: readonly LoadToCall[]): Promise<void> {
  await new Promise<void>((resolve) => {
    let left = loads.length;
    for (const { flight } of loads) {
      flight.whenEnded(() => {
        if (--left === 0) resolve();
      });
    }
  });
}

/**
 * The contexts of the single keys of a loader call: refusals are reported under them. None for a context of another
 * implementation.
 */
export let contextsOf: (ctx: BulkLoadContext) => readonly LoadContext[];

/** The context of one loader call. */
class Context implements BulkLoadContext {
  readonly #loads: readonly LoadToCall[];

  static {
    contextsOf = (ctx) => (#loads in ctx ? ctx.#loads.map(({ context }) => context) : []);
  }
  #byKey: Map<string, LoadToCall> | undefined;
  #signal: AbortSignal | undefined;
  #stale: Map<string, unknown> | undefined;

  constructor(loads: readonly LoadToCall[]) {
    this.#loads = loads;
    // Loaders destructure their context: `(missing, { set }) => …`.
    this.set = this.set.bind(this);
  }

  get signal(): AbortSignal {
    this.#signal ??= whenAllAbandoned(this.#loads.map(({ flight }) => flight));
    return this.#signal;
  }

  get stale(): ReadonlyMap<string, unknown> {
    if (this.#stale !== undefined) return this.#stale;
    this.#stale = new Map();
    for (const load of this.#loads) {
      if (load.flight.stale === undefined) continue;
      const { stale } = load.context;
      if (stale !== undefined) this.#stale.set(load.key, stale);
    }
    return this.#stale;
  }

  set(key: string, { ttl, tags, skipStore }: BulkDecisions): void {
    this.#byKey ??= new Map(this.#loads.map((load) => [load.key, load]));
    const context = this.#byKey.get(key)?.context;
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

/** Aborts when the last of the loads is abandoned. */
function whenAllAbandoned(flights: readonly SingleFlight[]): AbortSignal {
  const [only] = flights;
  if (flights.length === 1 && only !== undefined) return only.signal;
  const controller = new AbortController();
  let left = 0;
  for (const flight of flights) {
    if (flight.isAbandoned) continue;
    left++;
    flight.whenAbandoned(() => {
      if (--left === 0) controller.abort(flight.abandonReason);
    });
  }
  if (left === 0) controller.abort(only?.abandonReason);
  return controller.signal;
}

function ignore(): void {
  // The call need not wait for its turn.
}
