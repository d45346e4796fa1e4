import type { Cache } from '../../../cache/contract/cache.js';
import type { LoadContext, LoadOptions, Ttl } from '../../../cache/contract/options.js';
import { maxDurationMs } from '../../../base/duration.js';
import { retentionMs } from './freshness.js';
import type { Fields } from './header-fields.js';
import type { HttpStore } from './http-store.js';
import type { StoredResponse } from './stored-response.js';
import { sameNames, selectedBy, variantOf, type Selection } from './vary.js';

/** The entry under a URL's key: the fields that select its responses, as the last response named them. */
interface Marker {
  readonly vary: readonly string[];
}

/** The stored response for a request, if any. */
export interface Found {
  /** The fields that select responses of this URL, as far as known. */
  readonly vary: readonly string[];
  readonly response: StoredResponse | undefined;
  /** The tier that has the response. */
  readonly tier?: 'l1' | 'l2' | undefined;
  /** True if the URL has an entry, even if none for this request. */
  readonly knowsUrl: boolean;
}

/** The result of a loader for its waiters: a response to share, or the status of one that is not shared. */
export type Shared = StoredResponse | { readonly notStored: true; readonly status: number };

export interface VariantsParts {
  readonly store: Pick<HttpStore, 'cache' | 'look'>;
  readonly key: string;
  /** The selecting fields until a response names its own. */
  readonly assumed: Selection;
  readonly request: Fields;
  /** Called when an entry is stored. */
  readonly tags: () => readonly string[];
  /** True if no response of the route is for one user. */
  readonly isShared: boolean;
}

const nothing = { value: undefined, tier: undefined };

/** The stored responses of one URL (RFC 9111 §4.1): one for each combination of the request fields that select it. */
export class Variants {
  readonly #cache: Cache;
  readonly #look: HttpStore['look'];
  readonly #key: string;
  readonly #assumed: readonly string[];
  readonly #assumedVariant: string;
  readonly #request: Fields;
  readonly #tags: () => readonly string[];
  readonly #isShared: boolean;

  constructor({ store, key, assumed, request, tags, isShared }: VariantsParts) {
    this.#cache = store.cache;
    this.#look = store.look;
    this.#key = key;
    this.#assumed = assumed.names;
    this.#assumedVariant = selectedBy(assumed, request);
    this.#request = request;
    this.#tags = tags;
    this.#isShared = isShared;
  }

  async find(): Promise<Found> {
    const finding = this.#look<StoredResponse>(this.#keyOf(this.#assumed));
    // A shared route stores its responses under this key unless a marker exists, so the newest response is here. Other
    // routes may have a newer response for all users under another key than the user's own.
    if (this.#isShared) {
      const { value: response, tier } = (await finding) ?? nothing;
      if (response !== undefined && sameNames(response.vary, this.#assumed) && this.isFor(response))
        return { vary: this.#assumed, response, tier, knowsUrl: true };
    }
    // Both are usually in L1; otherwise one Redis command reads both.
    const [marker, first] = await Promise.all([this.#look<Marker>(this.#markerKey), finding]);
    const vary = marker?.value.vary ?? this.#assumed;
    const found = sameNames(vary, this.#assumed)
      ? first
      : await this.#look<StoredResponse>(this.#keyOf(vary));
    const knowsUrl = marker !== undefined || found !== undefined;
    const { value: response, tier } = found ?? nothing;
    // Reading the marker from Redis counts as an L2 read.
    const slowest = marker?.tier === 'l2' ? 'l2' : tier;
    return this.isFor(response)
      ? { vary, response, tier: slowest, knowsUrl }
      : { vary, response: undefined, knowsUrl };
  }

  /** Whether a response may answer this request. */
  isFor(response: StoredResponse | undefined): response is StoredResponse {
    return response?.variant === this.#variantOf(response?.vary ?? this.#assumed);
  }

  /**
   * Runs `loader` once for all concurrent requests with the same `vary` values, and stores its result. `apart`
   * separates requests that differ in other fields.
   */
  async load(
    vary: readonly string[],
    loader: (ctx: LoadContext) => Promise<Shared>,
    { anew, apart = '' }: { readonly anew: boolean; readonly apart?: string | undefined },
  ): Promise<Shared> {
    return this.#cache.getOrSet(this.#keyOf(vary) + apart, loader, this.#options(anew));
  }

  /**
   * Stores a response under the key of its own `vary`, if other fields selected it while loading. Reads it from the
   * cache again, so that an invalidation in between wins.
   */
  async settle(response: StoredResponse, loadedBy: Found, now: number): Promise<void> {
    const { vary } = response;
    if (!sameNames(vary, loadedBy.vary)) {
      const from = this.#keyOf(loadedBy.vary);
      const move = async (ctx: LoadContext): Promise<Shared> => {
        const kept = (await this.#look<StoredResponse>(from))?.value;
        if (kept === undefined) {
          ctx.skipStore();
          return { notStored: true, status: response.status };
        }
        ctx.ttl(storedTtl(kept, now));
        return kept;
      };
      await this.#cache.getOrSet(this.#keyOf(vary), move, this.#options(true));
    }
    const isAsAssumed = sameNames(vary, this.#assumed) && sameNames(loadedBy.vary, this.#assumed);
    if (this.#isShared && isAsAssumed) return;
    // Store the marker even if the assumption holds: a missing marker would cost a Redis read per hit.
    const marker: Marker = { vary };
    const ttl = storedTtl(response, now);
    await this.#cache.set(this.#markerKey, marker, { ttl, grace: 0, tags: this.#tags() });
  }

  /** Deletes the stored responses of this request. */
  async forget(...varied: readonly (readonly string[])[]): Promise<void> {
    await this.#cache.deleteMany(varied.map((vary) => this.#keyOf(vary)));
  }

  get #markerKey(): string {
    return `${this.#key}#vary`;
  }

  #keyOf(vary: readonly string[]): string {
    return `${this.#key}#${this.#variantOf(vary)}`;
  }

  #variantOf(vary: readonly string[]): string {
    return sameNames(vary, this.#assumed) ? this.#assumedVariant : variantOf(vary, this.#request);
  }

  /** The HTTP rules decide staleness, so the cache's own grace is off. */
  #options(forceRefresh: boolean): LoadOptions {
    return { tags: this.#tags(), grace: 0, forceRefresh };
  }
}

/** The ttl of an entry, including the time it may be served stale. */
export function storedTtl(response: StoredResponse, now: number): Ttl {
  return `${Math.min(Math.max(1, retentionMs(response, now)), maxDurationMs)}ms`;
}
