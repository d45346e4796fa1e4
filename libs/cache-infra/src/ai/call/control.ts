import { assertOptions, booleanValue, duration, functionValue } from '../../base/checks.js';
import { ValidationError } from '../../base/errors.js';
import type { AiHit } from '../answer/hit.js';
import type { AiShape } from '../answer/shape.js';
import type { Ttl } from '../../cache/contract/options.js';
import { shape, texts, type ChecksOf } from './settings.js';

/** Options of one call. Concurrent equal calls use the ttl of the first, and the tags of all. */
export interface AiCacheControl {
  /** Ttl of the answer. Overrides `operationTtls` and `defaultTtl`; capped by `maxTtl`. */
  readonly ttl?: Ttl | undefined;
  /** Neither reads nor writes the cache, and shares no answer. */
  readonly bypass?: boolean | undefined;
  /** Ignores the stored answer, and stores the new one. Shares the answer of an equal call that runs. */
  readonly noCache?: boolean | undefined;
  /** May return the stored answer; stores no new one. */
  readonly noStore?: boolean | undefined;
  /** Returns the stored answer, or rejects with `AiNotCachedError`; never produces one. */
  readonly onlyIfCached?: boolean | undefined;
  /**
   * Ignores the stored answer and stores the new one. Never shares an answer whose production began earlier: waits for
   * an equal call that runs, then produces.
   */
  readonly refresh?: boolean | undefined;
  /** Tags for `invalidate({ tags })` and `cache.invalidateTags`, at most 32. */
  readonly tags?: readonly string[] | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Whether a stored answer may be served to this caller, in addition to `accept` of the operation. */
  readonly accept?: ((hit: AiHit) => boolean | Promise<boolean>) | undefined;
  /** Turns the chunks of `stream` into the value of `run`, and back. Default: that of the operation. */
  readonly shape?: AiShape<unknown, unknown> | undefined;
}

const controlChecks = {
  ttl: duration,
  bypass: booleanValue,
  noCache: booleanValue,
  noStore: booleanValue,
  onlyIfCached: booleanValue,
  refresh: booleanValue,
  tags: texts,
  signal: (value) => (value instanceof AbortSignal ? undefined : 'must be an AbortSignal'),
  accept: functionValue,
  shape,
} satisfies ChecksOf<AiCacheControl>;

/** The control of a call without one. */
export const noControl: AiCacheControl = Object.freeze({});

/** @throws ValidationError that lists every problem */
export function assertControl(control: AiCacheControl): void {
  if (control === noControl) return;
  assertOptions('AiCacheControl', control, controlChecks);
  if (control.onlyIfCached !== true) return;
  const other = (['bypass', 'noCache', 'refresh'] as const).find((name) => control[name] === true);
  if (other === undefined) return;
  const message = `onlyIfCached contradicts ${other}: a call with both could never have an answer`;
  throw new ValidationError([{ path: 'onlyIfCached', message }], 'AiCacheControl');
}
