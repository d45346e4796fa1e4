import {
  assertOptions,
  functionValue,
  objectWith,
  positiveInteger,
  problemsAt,
  timeout,
  type NestedCheck,
} from '../base/checks.js';
import { durationMs, type Ttl } from '../base/duration.js';

/** An instance of the service under test. In a process of its own, `write` and `read` are requests to it. */
export interface DrillInstance {
  /** Its name in the report. */
  readonly name: string;
  /**
   * Stores a version of an item as the service does: in its database, then in its cache. Resolves when it is stored.
   */
  write(item: string, version: number): Promise<void>;
  /** The version of an item that the service shows; `undefined` = none. */
  read(item: string): Promise<number | undefined>;
}

export interface DrillOptions {
  /** The instances of one service. They share a database and a Redis. */
  instances: readonly DrillInstance[];
  /** Causes the outage, lasts as long as it, and ends it. */
  strike: () => void | Promise<void>;
  /**
   * Items that each instance writes. No other instance writes them, so that their right version is known. Default 10.
   */
  itemsPerInstance?: number | undefined;
  /** The pause of an instance between two calls. Default `'5ms'`. */
  pace?: Ttl | undefined;
  /** How long the instances work before and after the strike. Default `'500ms'`. */
  calm?: Ttl | undefined;
  /** The time after which every instance must show the last version of every item. Default `'5s'`. */
  settleWithin?: Ttl | undefined;
}

/** What an outage did to a service. Calls are named as `instance: read item`. */
export interface DrillReport {
  /** Calls of `write` and `read` while the instances worked. */
  readonly calls: number;
  /** Calls that rejected, with their error. */
  readonly failed: readonly string[];
  /** Milliseconds that the longest call took. */
  readonly longestMs: number;
  /** Reads by which an instance did not see its own last write. */
  readonly ownStale: readonly string[];
  /** Items of which an instance does not show the last version, `settleWithin` after the work. Empty = all agree. */
  readonly stale: readonly string[];
}

const hasCalls = objectWith('write', 'read');

const instanceList: NestedCheck = {
  problems(path, value) {
    if (!Array.isArray(value) || value.length === 0)
      return [{ path, message: `${path} must be a non-empty array of { name, write, read }` }];
    const problems = value.flatMap((each: unknown, i) => problemsAt(`${path}[${i}]`, each, hasCalls));
    if (problems.length > 0) return problems;
    const names = (value as DrillInstance[]).map(({ name }) => name);
    // Items are named by their instance.
    if (new Set(names).size === names.length) return [];
    return [{ path, message: `${path} must have different names, got ${names.join(', ')}` }];
  },
};

/**
 * Has the instances of a service write and read while an outage strikes, and reports what they lost.
 *
 * Each instance makes one call at a time: it writes one of its items, reads one of its own, or reads one of another
 * instance. A write that rejects leaves open which version is right; the next one decides. A call that never ends holds
 * the drill up: give requests a time-out.
 *
 * ```ts
 * const report = await drillOutage({
 *   instances,
 *   strike: async () => {
 *     proxy.hang();
 *     await setTimeout(2000);
 *     proxy.resume();
 *   },
 * });
 * expect(report).toMatchObject({ failed: [], ownStale: [], stale: [] });
 * expect(report.longestMs).toBeLessThan(500);
 * ```
 *
 * @throws ValidationError that lists every invalid option; whatever `strike` throws
 */
export async function drillOutage(options: DrillOptions): Promise<DrillReport> {
  assertOptions(
    'drillOutage',
    options,
    {
      ...{ instances: instanceList, strike: functionValue, itemsPerInstance: positiveInteger },
      ...{ pace: timeout, calm: timeout, settleWithin: timeout },
    },
    ['instances', 'strike'],
  );
  const drill = new Drill(options);
  const calmMs = durationMs(options.calm ?? '500ms', 'calm');
  const work = drill.work();
  try {
    await pause(calmMs);
    await options.strike();
    await pause(calmMs);
  } finally {
    drill.stop();
    await work;
  }
  return drill.report(durationMs(options.settleWithin ?? '5s', 'settleWithin'));
}

/** The versions of an item that are right: the last one, or several after a write that rejected. */
type RightVersions = ReadonlySet<unknown>;

class Drill {
  readonly #instances: readonly DrillInstance[];
  readonly #itemsPerInstance: number;
  readonly #paceMs: number;
  readonly #right = new Map<string, RightVersions>();
  readonly #failed: string[] = [];
  readonly #ownStale: string[] = [];
  #calls = 0;
  #longestMs = 0;
  // The items may hold versions of an earlier drill.
  #version = Date.now();
  #stopping = false;

  constructor({ instances, itemsPerInstance, pace }: DrillOptions) {
    this.#instances = instances;
    this.#itemsPerInstance = itemsPerInstance ?? 10;
    this.#paceMs = durationMs(pace ?? '5ms', 'pace');
  }

  async work(): Promise<void> {
    await Promise.all(this.#instances.map((instance) => this.#workOf(instance)));
  }

  stop(): void {
    this.#stopping = true;
  }

  async report(settleWithinMs: number): Promise<DrillReport> {
    const end = performance.now() + settleWithinMs;
    let stale = await this.#stale();
    while (stale.length > 0 && performance.now() < end) {
      await pause(20);
      stale = await this.#stale();
    }
    const [failed, ownStale] = [this.#failed, this.#ownStale];
    return { calls: this.#calls, failed, longestMs: this.#longestMs, ownStale, stale };
  }

  async #workOf(instance: DrillInstance): Promise<void> {
    const own = this.#itemsOf(instance);
    const others = this.#instances.filter((each) => each !== instance).flatMap((each) => this.#itemsOf(each));
    // In turn: a short drill has calls of every kind, too.
    for (let turn = 0; !this.#stopping; turn += 1) {
      const item = own[turn % own.length] as string;
      await this.#write(instance, item);
      await this.#readOwn(instance, item);
      const foreign = others[turn % others.length];
      if (foreign !== undefined) await this.#timed(instance, `read ${foreign}`, () => instance.read(foreign));
    }
  }

  async #write(instance: DrillInstance, item: string): Promise<void> {
    this.#version += 1;
    const version = this.#version;
    const before = this.#right.get(item) ?? [undefined];
    this.#right.set(item, new Set([...before, version]));
    const { rejected } = await this.#timed(instance, `write ${item}`, () => instance.write(item, version));
    if (!rejected) this.#right.set(item, new Set([version]));
  }

  async #readOwn(instance: DrillInstance, item: string): Promise<void> {
    const { rejected, result } = await this.#timed(instance, `read ${item}`, () => instance.read(item));
    if (rejected || this.#isRight(item, result)) return;
    this.#ownStale.push(`${instance.name}: read ${item}: ${this.#wrong(item, result)}`);
  }

  /** What the instances show instead of the last versions. */
  async #stale(): Promise<string[]> {
    const found = this.#instances.flatMap((instance) =>
      [...this.#right.keys()].map(async (item) => {
        const shown = await shownBy(instance, item);
        if (this.#isRight(item, shown)) return [];
        return [`${instance.name}: read ${item}: ${this.#wrong(item, shown)}`];
      }),
    );
    return (await Promise.all(found)).flat();
  }

  async #timed<T>(
    instance: DrillInstance,
    call: string,
    work: () => Promise<T>,
  ): Promise<{ rejected: boolean; result?: T }> {
    const start = performance.now();
    this.#calls += 1;
    try {
      return { rejected: false, result: await work() };
    } catch (error) {
      this.#failed.push(`${instance.name}: ${call}: ${String(error)}`);
      return { rejected: true };
    } finally {
      this.#longestMs = Math.max(this.#longestMs, performance.now() - start);
      await pause(this.#paceMs);
    }
  }

  #isRight(item: string, shown: unknown): boolean {
    return this.#right.get(item)?.has(shown) === true;
  }

  #wrong(item: string, shown: unknown): string {
    return `${String(shown)} instead of ${[...(this.#right.get(item) ?? [])].join(' or ')}`;
  }

  #itemsOf(instance: DrillInstance): string[] {
    return Array.from({ length: this.#itemsPerInstance }, (_, i) => `${instance.name}-${i}`);
  }
}

async function shownBy(instance: DrillInstance, item: string): Promise<unknown> {
  try {
    return await instance.read(item);
  } catch (error) {
    return String(error);
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
