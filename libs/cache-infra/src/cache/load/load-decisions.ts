import { durationMs } from '../../base/duration.js';
import type { LoadContext, Ttl } from '../contract/options.js';
import type { Keyspace } from '../entry/keyspace.js';
import { checkedTags, shortened, shorter, union, type StorePlan } from '../entry/store-plan.js';
import type { SingleFlight } from './single-flight.js';

/** What a loader is told, and what it decided. */
export class LoadDecisions implements LoadContext {
  readonly key: string;
  readonly signal: AbortSignal;
  readonly stale: unknown;
  skipped = false;
  /** Why no entry can be made of the value, whatever it is. */
  unstorable: Error | undefined;
  readonly #plan: StorePlan;
  readonly #flight: SingleFlight;
  readonly #keyspace: Keyspace;
  #ttlMs: number | undefined;
  #tags: readonly string[];

  constructor(key: string, flight: SingleFlight, keyspace: Keyspace, plan: StorePlan, stale: unknown) {
    this.key = key;
    this.stale = stale;
    this.#plan = plan;
    this.#flight = flight;
    this.#keyspace = keyspace;
    this.signal = flight.signal;
    this.#tags = plan.tags;
    // Loaders take their context apart: `({ ttl }) => …`.
    this.ttl = this.ttl.bind(this);
    this.tags = this.tags.bind(this);
    this.skipStore = this.skipStore.bind(this);
  }

  /** How the value is stored. The loader knows its ttl best; then the shortest that a caller asked for counts. */
  get plan(): StorePlan {
    const { askedTtlMs, askedTags } = this.#flight;
    const ttlMs = this.#ttlMs ?? shorter(this.#plan.ttlMs, askedTtlMs);
    return { ...this.#plan, ttlMs, tags: union(this.#tags, askedTags) };
  }

  ttl(ttl: Ttl): void {
    this.#ttlMs = shortened(durationMs(ttl), this.#plan.jitter);
  }

  tags(...tags: string[]): void {
    this.#tags = checkedTags([...this.#tags, ...tags]);
    try {
      this.#flight.tags = union(this.#flight.tags, this.#keyspace.coveringTags(this.#tags));
    } catch (error) {
      // The loader did its work: an entry that cannot carry its tags is not stored, and its value is handed out.
      this.unstorable = error as Error;
    }
  }

  skipStore(): void {
    this.skipped = true;
  }
}
