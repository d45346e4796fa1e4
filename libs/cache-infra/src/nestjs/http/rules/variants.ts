import type { Cache } from '../../../cache/contract/cache.js';
import type { LoadContext, LoadOptions } from '../../../cache/contract/options.js';
import { maxDurationMs } from '../../../base/duration.js';
import { retentionMs } from './freshness.js';
import type { Fields } from './header-fields.js';
import type { HttpStore } from './http-store.js';
import type { StoredResponse } from './stored-response.js';
import { sameNames, selectedBy, variantOf, type Selection } from './vary.js';

/** Stands at the place of a URL: by which fields its responses are selected, as the last one said. */
interface Marker {
  readonly vary: readonly string[];
}

/** What a request finds. */
export interface Found {
  /** The fields by which responses of this URL are told apart, as far as is known. */
  readonly vary: readonly string[];
  readonly response: StoredResponse | undefined;
  /** The tier that has the response. */
  readonly tier?: 'l1' | 'l2' | undefined;
  /** Something is known of the URL, if not for this request. */
  readonly knowsUrl: boolean;
}

/** What a loader gives to those who wait for it: a response to share, or that there is none. */
export type Shared = StoredResponse | { readonly notStored: true; readonly status: number };

export interface VariantsParts {
  readonly store: Pick<HttpStore, 'cache' | 'look'>;
  readonly key: string;
  /** What selects, as long as no response has said so. */
  readonly assumed: Selection;
  readonly request: Fields;
  /** Asked when something is stored. */
  readonly tags: () => readonly string[];
  /** Nothing that the route answers is of one user. */
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
    // Whatever a shared route answers is loaded to that place, unless a marker is there already: what stands there was learned last.
    // On others a response for all users may be newer than the one that a user finds at a place of his own.
    if (this.#isShared) {
      const { value: response, tier } = (await finding) ?? nothing;
      if (response !== undefined && sameNames(response.vary, this.#assumed) && this.isFor(response))
        return { vary: this.#assumed, response, tier, knowsUrl: true };
    }
    // Both are in the L1 as a rule; where they are not, they come from Redis by one command.
    const [marker, first] = await Promise.all([this.#look<Marker>(this.#markerKey), finding]);
    const vary = marker?.value.vary ?? this.#assumed;
    const found = sameNames(vary, this.#assumed)
      ? first
      : await this.#look<StoredResponse>(this.#keyOf(vary));
    const knowsUrl = marker !== undefined || found !== undefined;
    const { value: response, tier } = found ?? nothing;
    // Redis was asked, if only by which fields to select.
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
   * Runs `loader` once for all requests that `vary` does not tell apart, and stores what it gives. `apart` keeps away requests that
   * differ otherwise.
   */
  async load(
    vary: readonly string[],
    loader: (ctx: LoadContext) => Promise<Shared>,
    { anew, apart = '' }: { readonly anew: boolean; readonly apart?: string | undefined },
  ): Promise<Shared> {
    return this.#cache.getOrSet(this.#keyOf(vary) + apart, loader, this.#options(anew));
  }

  /**
   * Has later requests find a response, also one that turned out to be selected by other fields than those it was loaded by. That one is
   * taken from the cache again: an invalidation since then must win.
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
    // Elsewhere also where the assumption holds: a marker that is missing would be asked for with every hit.
    const marker: Marker = { vary };
    const ttl = storedTtl(response, now);
    await this.#cache.set(this.#markerKey, marker, { ttl, grace: 0, tags: this.#tags() });
  }

  /** Takes back what was stored for this request. */
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

  /** Staleness is decided here, by the response's own words: the cache's own grace would not know them. */
  #options(forceRefresh: boolean): LoadOptions {
    return { tags: this.#tags(), grace: 0, forceRefresh };
  }
}

/** The life of an entry, stale time included. */
export function storedTtl(response: StoredResponse, now: number): string {
  return `${String(Math.min(Math.max(1, retentionMs(response, now)), maxDurationMs))}ms`;
}
