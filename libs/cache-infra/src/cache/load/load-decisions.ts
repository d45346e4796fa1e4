import { durationMs } from '../../base/duration.js';
import type { LoadContext } from '../contract/options.js';
import type { Keyspace } from '../entry/keyspace.js';
import { checkedTags, shortened, shorter, union, type StorePlan } from '../entry/store-plan.js';
import type { SingleFlight } from './single-flight.js';

/** The context of one loader run, and the loader's decisions. */
export class LoadDecisions implements LoadContext {
  readonly key: string;
  readonly stale: unknown;
  skipped = false;
  /** Why the value cannot be stored, whatever it is: its tags are too many or too long. */
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
    this.#tags = plan.tags;
  }

  get signal(): AbortSignal {
    return this.#flight.signal;
  }

  /** How the value is stored. The loader's ttl wins; without one, the shortest ttl that a caller asked for. */
  get plan(): StorePlan {
    const { askedTtlMs, askedTags } = this.#flight;
    const ttlMs = this.#ttlMs ?? shorter(this.#plan.ttlMs, askedTtlMs);
    return { ...this.#plan, ttlMs, tags: union(this.#tags, askedTags) };
  }

  // Loaders destructure their context: `({ ttl }) => …`. Getters bind only the functions that a loader takes.
  get ttl(): LoadContext['ttl'] {
    return (ttl) => {
      this.#ttlMs = shortened(durationMs(ttl), this.#plan.jitter);
    };
  }

  get tags(): LoadContext['tags'] {
    return (...tags) => {
      this.#addTags(tags);
    };
  }

  get skipStore(): LoadContext['skipStore'] {
    return () => {
      this.skipped = true;
    };
  }

  #addTags(tags: readonly string[]): void {
    this.#tags = checkedTags([...this.#tags, ...tags]);
    try {
      this.#flight.tags = union(this.#flight.tags, this.#keyspace.coveringTags(this.#tags));
    } catch (error) {
      // The loader must not fail for its tags: callers get the value, and nothing is stored.
      this.unstorable = error as Error;
    }
  }
}
