import type { CacheMonitor } from '../cache/contract/monitor.js';
import type { LoadContext, Ttl } from '../cache/contract/options.js';
import type { Clock } from '../base/clock.js';
import type { NotStoredReason } from './cacheability.js';
import type { AiPrice, AiSavings } from './savings.js';

/** Fields of a request that mean something to this library. */
export interface AiRequestFields {
  readonly model?: unknown;
  /** Whose answer this is. Requests of different tenants never share one. */
  readonly tenant?: unknown;
  /** Raise it when a prompt template changes. */
  readonly promptVersion?: unknown;
}

/**
 * A request to a model: an object with whatever decides the answer. All of it is in the key, less `ignoredRequestFields`.
 * `model`, `tenant` and `promptVersion` can also be named in `invalidate`.
 */
export type AiRequest = AiRequestFields & (object | Readonly<Record<string, unknown>>);

/** Tokens that a call took. */
export interface AiUsage {
  readonly inputTokens?: number | undefined;
  readonly outputTokens?: number | undefined;
}

/** What `produce` makes. */
export interface AiOutput<T> {
  readonly value: T;
  readonly usage?: AiUsage | undefined;
  /** As the provider says it. Answers that did not finish (`'length'`, `'content_filter'`, …) are not stored. */
  readonly finishReason?: string | null | undefined;
  /** HTTP status of the provider. 400 and above is not stored. */
  readonly status?: number | undefined;
  /** The model that answered, where it has a name of its own (`gpt-4o-2024-08-06`). */
  readonly model?: string | undefined;
  /** Whether there is nothing in `value` worth keeping. Default: `null`, blank text, and collections without elements. */
  readonly empty?: boolean | undefined;
}

/** What `produce` is told, and may decide. */
export interface AiContext extends LoadContext {
  readonly operation: string;
}

export type Produce<T> = (ctx: AiContext) => AiOutput<T> | Promise<AiOutput<T>>;

/** How one call is treated. Of equal calls at the same time, the first one's counts. */
export interface AiCacheControl {
  /** Life of the answer; wins over `operationTtls` and `defaultTtl`, capped by `maxTtl`. */
  readonly ttl?: Ttl | undefined;
  /** Neither read the cache nor write it. */
  readonly bypass?: boolean | undefined;
  /** Do not read the cache; store the new answer. */
  readonly refresh?: boolean | undefined;
  /** Tags for `invalidate({ tags })` and `cache.invalidateTags`: at most 32. */
  readonly tags?: readonly string[] | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** `requested`: the caller said so. `skipped`: `produce` said so. The others: why the answer was not stored. */
export type BypassReason = NotStoredReason | 'requested' | 'skipped';

/** An answer, and where it came from. */
export interface AiResult<T> {
  readonly value: T;
  /** True when it was stored before this call. */
  readonly cached: boolean;
  /** True when an equal call was under way, and this one shared its answer. */
  readonly collapsed: boolean;
  readonly key: string;
  readonly operation: string;
  /** Tokens that producing it took, then or now. */
  readonly usage?: AiUsage | undefined;
  readonly finishReason?: string | undefined;
  readonly status?: number | undefined;
  /** The model that answered. */
  readonly model?: string | undefined;
  /** How long ago it was stored; only when `cached`. */
  readonly ageSeconds?: number | undefined;
  /** What this call did not cost; only when it produced nothing itself. */
  readonly savings?: AiSavings | undefined;
  /** Why this answer is not in the cache. */
  readonly bypassed?: BypassReason | undefined;
  /** The member for an HTTP `Cache-Status` header (RFC 9211): `default; hit; ttl=3540`. */
  readonly cacheStatus: string;
}

/**
 * Which answers to forget: those that fulfil all conditions. `tags` stands alone and means answers with any of them; to
 * narrow a tag to a tenant, put the tenant into the tag.
 */
export interface AiSelector {
  readonly operation?: string | undefined;
  /** The model of the request. */
  readonly model?: string | undefined;
  readonly promptVersion?: string | number | undefined;
  readonly tenant?: string | number | undefined;
  readonly tags?: readonly string[] | undefined;
}

export interface AiCacheSettings {
  /** Texts longer than this many characters stand in keys as a digest. Default 500; 0 = every text. */
  readonly textHashThreshold?: number | undefined;
  /** Seconds per operation. 0 = never expires. */
  readonly operationTtls?: Readonly<Record<string, number>> | undefined;
  /** Seconds, for other operations. Default: the cache's `defaultTtl`. */
  readonly defaultTtl?: number | undefined;
  /** Seconds that no answer lives longer than. Default: no cap. */
  readonly maxTtl?: number | undefined;
  /** Up to this fraction (0-1) of its life is taken off each answer, by its key, so that answers of one moment do not expire in one. Default 0. */
  readonly jitter?: number | undefined;
  /** Price per model, in a currency of your own. */
  readonly prices?: Readonly<Record<string, AiPrice>> | undefined;
  /** More finish reasons of complete answers; see `completeFinishReasons`. */
  readonly completeFinishReasons?: readonly string[] | undefined;
  /** First part of every key and tag. Default `'ai'`. */
  readonly keyPrefix?: string | undefined;
  /** Operations, and models, that `stats` tells apart. Default 100; further ones are counted under `(other)`. */
  readonly maxSeries?: number | undefined;
  /** Told how long making keys takes. */
  readonly monitor?: CacheMonitor | undefined;
  /** Where ages come from. Default: the system's clock. */
  readonly clock?: Clock | undefined;
}
