import type { Checks, NestedCheck } from '../base/checks.js';
import {
  assertOptions,
  fraction,
  nonEmptyString,
  nonNegativeInteger,
  objectValue,
  objectWith,
  operationTtls,
  optionProblems,
  positiveInteger,
  problem,
  problemsAt,
  ttlSeconds,
} from '../base/checks.js';
import { systemClock, type Clock } from '../base/clock.js';
import type { CacheMonitor } from '../cache/contract/monitor.js';
import { finishReasonSet } from './cacheability.js';
import type { AiPrice } from './savings.js';
import type { TtlPolicy } from './ttl-policy.js';

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

export type ChecksOf<T> = Checks & Readonly<Record<keyof T, Checks[string]>>;

const perMillion = (value: unknown): string | undefined =>
  typeof value === 'number' && Number.isFinite(value) && value >= 0
    ? undefined
    : 'must be a non-negative number';

const prices: NestedCheck = {
  problems(path, value) {
    if (objectValue(value) !== undefined)
      return [problem(path, 'must be a dictionary of models to prices', value)];
    const checks: Checks = { inputPerMillion: perMillion, outputPerMillion: perMillion };
    return Object.entries(value as object).flatMap(([model, price]) =>
      optionProblems(price, checks, ['inputPerMillion', 'outputPerMillion'], `${path}.${model}.`),
    );
  },
};

export const texts: NestedCheck = {
  problems(path, value) {
    if (!Array.isArray(value)) return [problem(path, 'must be an array of strings', value)];
    return value.flatMap((text, index) => problemsAt(`${path}[${index}]`, text, nonEmptyString));
  },
};

const settingsChecks = {
  textHashThreshold: nonNegativeInteger,
  operationTtls,
  defaultTtl: ttlSeconds,
  maxTtl: (value) => positiveInteger(value) ?? ttlSeconds(value),
  jitter: fraction,
  prices,
  completeFinishReasons: texts,
  keyPrefix: nonEmptyString,
  maxSeries: positiveInteger,
  monitor: objectValue,
  clock: objectWith('now'),
} satisfies ChecksOf<AiCacheSettings>;

/** Settings with their defaults. */
export interface ResolvedSettings {
  readonly textHashThreshold: number;
  readonly ttl: TtlPolicy;
  readonly prices: Readonly<Record<string, AiPrice>>;
  readonly completeFinishReasons: ReadonlySet<string>;
  readonly prefix: string;
  readonly maxSeries: number;
  readonly monitor: AiCacheSettings['monitor'];
  readonly clock: Clock;
}

/** @throws ValidationError that lists every problem */
export function resolveSettings(settings: AiCacheSettings, cacheDefaultTtl: number): ResolvedSettings {
  assertOptions('AiCacheService', settings, settingsChecks);
  return {
    textHashThreshold: settings.textHashThreshold ?? 500,
    ttl: {
      defaultTtl: settings.defaultTtl ?? cacheDefaultTtl,
      operationTtls: { ...settings.operationTtls },
      maxTtl: settings.maxTtl,
      jitter: settings.jitter ?? 0,
    },
    prices: { ...settings.prices },
    completeFinishReasons: finishReasonSet(settings.completeFinishReasons),
    prefix: settings.keyPrefix ?? 'ai',
    maxSeries: settings.maxSeries ?? 100,
    monitor: settings.monitor,
    clock: settings.clock ?? systemClock,
  };
}
