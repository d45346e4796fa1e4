import type { Checks, NestedCheck } from '../base/checks.js';
import {
  assertOptions,
  duration,
  fraction,
  nested,
  nonEmptyString,
  nonNegativeInteger,
  objectValue,
  objectWith,
  operationTtls,
  optionProblems,
  positiveInteger,
  problem,
  problemsAt,
  timeout,
} from '../base/checks.js';
import { systemClock, type Clock } from '../base/clock.js';
import type { CacheMonitor } from '../cache/contract/monitor.js';
import type { Ttl } from '../cache/contract/options.js';
import { finishReasonSet } from './cacheability.js';
import type { IgnoredNames } from './ignored-names.js';
import type { AiPrice } from './savings.js';
import { ttlOption, type TtlPolicy } from './ttl-policy.js';

export interface AiCacheSettings {
  /** A key with nothing but a model of at most this many characters, numbers and booleans is readable. Default 500. */
  readonly textHashThreshold?: number | undefined;
  /** Ttl per operation: `{ summarize: '2h' }`. 0 = never expires. */
  readonly operationTtls?: Readonly<Record<string, Ttl>> | undefined;
  /** Ttl of other operations. Default: `defaultTtl` of the cache. */
  readonly defaultTtl?: Ttl | undefined;
  /** Maximum ttl, above 0. Default: no maximum. */
  readonly maxTtl?: Ttl | undefined;
  /**
   * Shortens each ttl by up to this fraction (0-1), determined by the key, so that answers stored together do not
   * expire together. Default 0.
   */
  readonly jitter?: number | undefined;
  /**
   * Fields and headers that are not in the key, for example `ignoredNames.openai`. Default: none. Requests that differ
   * in nothing else share an answer.
   */
  readonly ignored?: Partial<IgnoredNames> | undefined;
  /** Price per model, in any currency. Releases of a model (`gpt-4o-2024-08-06`) have its price unless listed. */
  readonly prices?: Readonly<Record<string, AiPrice>> | undefined;
  /** Additional finish reasons of complete answers; see the constant `completeFinishReasons`. */
  readonly completeFinishReasons?: readonly string[] | undefined;
  /** First part of every key and tag. Default `'ai'`. */
  readonly keyPrefix?: string | undefined;
  /** Maximum operations, and maximum models, in `stats`. Default 100; others are counted under `(other)`. */
  readonly maxSeries?: number | undefined;
  /** Monitor that records the time of key generation. */
  readonly monitor?: CacheMonitor | undefined;
  /** Clock for ages. Default: the system clock. */
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
    const checks = {
      inputPerMillion: perMillion,
      outputPerMillion: perMillion,
      cachedInputPerMillion: perMillion,
    } satisfies ChecksOf<AiPrice>;
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
  defaultTtl: duration,
  maxTtl: (value) => (typeof value === 'string' ? undefined : positiveInteger(value)) ?? timeout(value),
  jitter: fraction,
  ignored: nested({ fields: texts, headers: texts }),
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
  readonly ignored: IgnoredNames;
  readonly prices: Readonly<Record<string, AiPrice>>;
  readonly completeFinishReasons: ReadonlySet<string>;
  readonly prefix: string;
  readonly maxSeries: number;
  readonly monitor: AiCacheSettings['monitor'];
  readonly clock: Clock;
}

/**
 * @param cacheDefaultTtl seconds
 * @throws ValidationError that lists every problem
 */
export function resolveSettings(settings: AiCacheSettings, cacheDefaultTtl: number): ResolvedSettings {
  assertOptions('AiCacheService', settings, settingsChecks);
  return {
    textHashThreshold: settings.textHashThreshold ?? 500,
    ttl: {
      defaultTtl: settings.defaultTtl ?? ttlOption(Math.round(cacheDefaultTtl * 1000)),
      operationTtls: { ...settings.operationTtls },
      maxTtl: settings.maxTtl,
      jitter: settings.jitter ?? 0,
    },
    ignored: {
      fields: settings.ignored?.fields ?? [],
      headers: (settings.ignored?.headers ?? []).map((name) => name.toLowerCase()),
    },
    prices: { ...settings.prices },
    completeFinishReasons: finishReasonSet(settings.completeFinishReasons),
    prefix: settings.keyPrefix ?? 'ai',
    maxSeries: settings.maxSeries ?? 100,
    monitor: settings.monitor,
    clock: settings.clock ?? systemClock,
  };
}
