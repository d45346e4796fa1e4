import { assertOptions, booleanValue, duration } from '../base/checks.js';
import type { Ttl } from '../cache/contract/options.js';
import { texts, type ChecksOf } from './settings.js';

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
