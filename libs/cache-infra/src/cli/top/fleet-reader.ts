import type { RedisCache } from '../../cache/redis-cache.js';
import { engineOf } from '../../cache/tiered-cache.js';
import { readFleet } from '../../fleet/read-fleet.js';
import type { FleetSummary } from '../../fleet/summary.js';
import { encodedPrefix, percentDecoded } from '../../keys/namespace.js';
import { NoFleetError, publishedPrefix } from './published-prefix.js';

/** Which fleet is read. */
export interface FleetWanted {
  /** As given by the user; undefined = it is to be found. */
  readonly prefix: string | undefined;
  /** The prefix of `cache` is that of the application. */
  readonly hasOwnPrefix: boolean;
}

/** A fleet with instances, and its key prefix as configured. */
export interface FoundFleet {
  readonly prefix: string;
  readonly fleet: FleetSummary;
}

/** Reads the fleet of one key prefix, which it finds first if it is not given. */
export class FleetReader {
  readonly #cache: RedisCache;
  readonly #wanted: FleetWanted;
  readonly #onSearch: (steps: number) => void;
  #found: string | undefined;

  constructor(cache: RedisCache, wanted: FleetWanted, onSearch: (steps: number) => void = () => undefined) {
    this.#cache = cache;
    this.#wanted = wanted;
    this.#onSearch = onSearch;
  }

  get address(): string {
    return engineOf(this.#cache).l2?.link.address ?? '';
  }

  /**
   * @throws NoFleetError when no instance publishes, or several applications do
   * @throws InfrastructureError when Redis does not answer
   */
  async read(): Promise<FoundFleet> {
    for (const prefix of await this.#candidates()) {
      const fleet = await readFleet(this.#cache, prefix);
      if (fleet.instances.length === 0) continue;
      this.#found = prefix;
      return { prefix: percentDecoded(prefix), fleet };
    }
    throw new NoFleetError(
      `No instance publishes on Redis (${this.address})${this.#place}. An application publishes itself within seconds of its start, by CacheInfraModule with Redis and monitoring on, unless fleet is false or CACHE_FLEET=false. Check --redis and --prefix`,
    );
  }

  get #place(): string {
    const { prefix } = this.#wanted;
    return prefix === undefined ? '' : ` under the prefix '${prefix}'`;
  }

  /** Key prefixes as they stand in Redis. */
  async #candidates(): Promise<readonly string[]> {
    const { prefix, hasOwnPrefix } = this.#wanted;
    // A client of the application's own may have put a prefix in front, which is not encoded.
    if (prefix !== undefined) return [...new Set([encodedPrefix(prefix), prefix])];
    if (this.#found !== undefined) return [this.#found];
    if (hasOwnPrefix) {
      const { keyPrefix } = engineOf(this.#cache);
      const own = await readFleet(this.#cache);
      if (own.instances.length > 0) return [keyPrefix];
    }
    const found = await publishedPrefix(this.#cache, this.#onSearch);
    return found === undefined ? [] : [found];
  }
}
