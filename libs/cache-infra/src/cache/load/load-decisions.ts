import { durationMs } from '../../base/duration.js';
import { ValidationError } from '../../base/errors.js';
import type { LoadContext, Ttl } from '../contract/options.js';
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
  #renews = false;
  #tags: readonly string[];

  constructor(key: string, flight: SingleFlight, keyspace: Keyspace, plan: StorePlan, stale: unknown) {
    this.key = key;
    this.stale = stale;
    this.#plan = plan;
    this.#flight = flight;
    this.#keyspace = keyspace;
    this.#tags = plan.tags;
  }

  /** The flight of a context; undefined for the context of another cache. */
  static flightOf(context: object): SingleFlight | undefined {
    return #flight in context ? context.#flight : undefined;
  }

  // Made when a loader first asks: most ask for nothing.
  get signal(): AbortSignal {
    return this.#flight.signal;
  }

  /** How the value is stored. The loader's ttl wins; without one, the shortest ttl that a caller asked for. */
  get plan(): StorePlan {
    const { askedTtlMs, askedTags } = this.#flight;
    const isUnchanged = this.#ttlMs === undefined && this.#tags === this.#plan.tags;
    if (isUnchanged && askedTtlMs === 0 && askedTags.length === 0) return this.#plan;
    const ttlMs = this.#ttlMs ?? shorter(this.#plan.ttlMs, askedTtlMs);
    return { ...this.#plan, ttlMs, tags: union(this.#tags, askedTags) };
  }

  // Functions, not methods: loaders destructure their context, `({ ttl }) => …`.
  get ttl(): (ttl: Ttl) => void {
    return (ttl) => {
      this.#ttlMs = shortened(durationMs(ttl), this.#plan.jitter);
    };
  }

  get tags(): (...tags: string[]) => void {
    return (...tags) => {
      this.#tags = checkedTags([...this.#tags, ...tags]);
      try {
        this.#flight.tags = union(this.#flight.tags, this.#keyspace.coveringTags(this.#tags));
      } catch (error) {
        // The loader must not fail for its tags: callers get the value, and nothing is stored.
        this.unstorable = error as Error;
      }
    };
  }

  get notModified(): () => unknown {
    return () => {
      if (this.stale === undefined) throw noStaleValue();
      this.#renews = true;
      return this.stale;
    };
  }

  /** True if the loader returned what `notModified()` gave it. */
  isRenewal(value: unknown): boolean {
    return this.#renews && value === this.stale;
  }

  /** The value keeps these tags, those that it was stored with. */
  keepTags(tags: readonly string[]): void {
    this.#tags = union(this.#tags, tags);
  }

  get skipStore(): () => void {
    return () => {
      this.skipped = true;
    };
  }
}

/** The error of `notModified()` in a load without a stale value. */
export function noStaleValue(): ValidationError {
  const message = 'notModified() renews a stale value, and there is none: ctx.stale is undefined';
  return new ValidationError([{ path: 'notModified', message }]);
}
