import { assertOptions, booleanValue, duration } from '../base/checks.js';
import type { Ttl } from '../cache/contract/options.js';
import { texts, type ChecksOf } from './settings.js';

/** Options of one call. Concurrent equal calls use the ttl and tags of the first. */
export interface AiCacheControl {
  /** Ttl of the answer. Overrides `operationTtls` and `defaultTtl`; capped by `maxTtl`. */
  readonly ttl?: Ttl | undefined;
  /** Neither reads nor writes the cache. */
  readonly bypass?: boolean | undefined;
  /**
   * Ignores the stored answer and stores the new one. Never shares an answer whose production began earlier: waits for
   * an equal call that runs, then produces.
   */
  readonly refresh?: boolean | undefined;
  /** Tags for `invalidate({ tags })` and `cache.invalidateTags`, at most 32. */
  readonly tags?: readonly string[] | undefined;
  readonly signal?: AbortSignal | undefined;
}

const controlChecks = {
  ttl: duration,
  bypass: booleanValue,
  refresh: booleanValue,
  tags: texts,
  signal: (value) => (value instanceof AbortSignal ? undefined : 'must be an AbortSignal'),
} satisfies ChecksOf<AiCacheControl>;

/** @throws ValidationError that lists every problem */
export function assertControl(control: AiCacheControl): void {
  assertOptions('AiCacheControl', control, controlChecks);
}
