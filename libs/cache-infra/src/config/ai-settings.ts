import { durationSeconds } from '../base/duration.js';
import type { Environment } from './misspelt-variables.js';
import { aiAppOptionSet, configOptionSet, type AiAppCacheOptions, type CacheConfig } from './options.js';
import { resolveOptions } from './resolve.js';

/** The settings of an `AiCacheService`. */
export interface AiSettings {
  /** Seconds; for operations that `operationTtls` does not name. */
  readonly defaultTtl: number;
  /** Seconds per operation. 0 = never expires. */
  readonly operationTtls: Readonly<Record<string, number>>;
  /** Texts longer than this many characters stand in keys as a digest. */
  readonly textHashThreshold: number;
}

/**
 * The settings of an AI cache, after environment and defaults: those of `CacheFactory.forAiApp`, or those of
 * `CacheFactory.create` when a preset is given.
 *
 * @throws ValidationError as those methods do
 */
export function aiSettings(options: AiAppCacheOptions | CacheConfig = {}, env?: Environment): AiSettings {
  const recipe = { subject: 'aiSettings', home: 'memory' } as const;
  const resolved =
    'preset' in options
      ? resolveOptions({ ...recipe, set: configOptionSet, preset: true }, options, env)
      : resolveOptions({ ...recipe, set: aiAppOptionSet }, options, env);
  const { defaultTtl = 3600, operationTtls = {}, textHashThreshold = 500 } = resolved.options;
  const ofOperations = Object.entries(operationTtls).map(
    ([name, ttl]) => [name, durationSeconds(ttl)] as const,
  );
  return {
    defaultTtl: durationSeconds(defaultTtl),
    operationTtls: Object.fromEntries(ofOperations),
    textHashThreshold,
  };
}
