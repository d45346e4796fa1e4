import type { Checks, NestedCheck } from '../base/checks.js';
import {
  assertOptions,
  booleanValue,
  duration,
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
import { finishReasonSet } from './cacheability.js';
import type { AiPrice } from './savings.js';
import type { TtlPolicy } from './ttl-policy.js';
import type { AiCacheControl, AiCacheSettings } from './types.js';

type ChecksOf<T> = Checks & Readonly<Record<keyof T, Checks[string]>>;

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

const texts: NestedCheck = {
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

const controlChecks = {
  ttl: duration,
  bypass: booleanValue,
  refresh: booleanValue,
  tags: texts,
  signal: (value) => (value instanceof AbortSignal ? undefined : 'must be an AbortSignal'),
} satisfies ChecksOf<AiCacheControl>;

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

/** @throws ValidationError that lists every problem */
export function assertControl(control: AiCacheControl): void {
  assertOptions('AiCacheControl', control, controlChecks);
}
