import type { Cache } from '../../cache/contract/cache.js';
import { RedisCache } from '../../cache/redis-cache.js';
import { readFleet } from '../../fleet/read-fleet.js';
import type { InstanceSummary } from '../../fleet/summary.js';

/** Milliseconds that a state waits for the summaries in Redis. */
const patienceMs = 1000;
/** Milliseconds for which summaries are shown while Redis does not answer: as long as Redis itself keeps them. */
const keptMs = 15_000;

/** The other instances of the application, as they publish themselves in the Redis of its caches. Never rejects. */
export class OtherInstances {
  readonly #caches: () => readonly Cache[];
  readonly #ownId: string;
  #known: readonly InstanceSummary[] = [];
  #knownAt = -Infinity;

  constructor(caches: () => readonly Cache[], ownId: string) {
    this.#caches = caches;
    this.#ownId = ownId;
  }

  async summaries(): Promise<readonly InstanceSummary[]> {
    const found = await within(patienceMs, this.#read());
    if (found !== undefined) return found;
    return performance.now() - this.#knownAt < keptMs ? this.#known : [];
  }

  /** Undefined = a Redis did not answer. */
  async #read(): Promise<readonly InstanceSummary[] | undefined> {
    const caches = this.#caches().filter((each) => each instanceof RedisCache);
    const fleets = await Promise.all(caches.map((cache) => readFleet(cache).catch(() => undefined)));
    if (fleets.includes(undefined)) return undefined;
    const byId = new Map<string, InstanceSummary>();
    for (const each of fleets.flatMap((fleet) => fleet?.instances ?? []))
      if (each.id !== this.#ownId) byId.set(each.id, each);
    this.#known = [...byId.values()];
    this.#knownAt = performance.now();
    return this.#known;
  }
}

/** The result of `work`; undefined if it takes longer. */
async function within<T>(ms: number, work: Promise<T | undefined>): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const over = new Promise<undefined>((resolve) => {
    timer = setTimeout(resolve, ms, undefined);
  });
  try {
    return await Promise.race([work, over]);
  } finally {
    clearTimeout(timer);
  }
}
