import type { Checks, NestedCheck } from '../../base/checks.js';
import {
  assertOptions,
  booleanValue,
  duration,
  fraction,
  functionValue,
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
} from '../../base/checks.js';
import { systemClock, type Clock } from '../../base/clock.js';
import type { CacheLogger } from '../../cache/contract/logger.js';
import type { CacheMonitor } from '../../cache/contract/monitor.js';
import type { Ttl } from '../../cache/contract/options.js';
import { alikeOption } from '../alike/alike-options.js';
import { finishReasonSet } from '../answer/cacheability.js';
import { ValidationError } from '../../base/errors.js';
import { Faults } from './faults.js';
import type { AiOperation } from './operation.js';
import type { IgnoredNames } from '../request/ignored-names.js';
import type { AiPrice } from '../savings/savings.js';
import { ttlOption, type TtlPolicy } from './ttl-policy.js';

export interface AiCacheSettings {
  /** A key with nothing but a model of at most this many characters, numbers and booleans is readable. Default 500. */
  readonly textHashThreshold?: number | undefined;
  /** Everything about the answers of each operation, by its name. */
  readonly operations?: Readonly<Record<string, AiOperation>> | undefined;
  /** Ttl per operation, the short form of `operations`: `{ summarize: '2h' }`. 0 = never expires. */
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
  /**
   * Estimates the tokens of a text, for answers whose producer tells no usage. Default: none; then their savings count
   * as `unmetered`.
   */
  readonly countTokens?: ((text: string, model: string | undefined) => number) | undefined;
  /**
   * Most bytes of a stream that are recorded, with 64 bytes for each chunk. A longer stream reaches its readers, and is
   * not stored. Default 8 MiB.
   */
  readonly maxRecordedBytes?: number | undefined;
  /** Additional finish reasons of complete answers; see the constant `completeFinishReasons`. */
  readonly completeFinishReasons?: readonly string[] | undefined;
  /** First part of every key and tag. Default `'ai'`. */
  readonly keyPrefix?: string | undefined;
  /** Maximum operations, and maximum models, in `stats`. Default 100; others are counted under `(other)`. */
  readonly maxSeries?: number | undefined;
  /** Monitor that records the time of key generation. */
  readonly monitor?: CacheMonitor | undefined;
  /** Logs mistakes of callbacks and producers, each once. Default: `process.emitWarning`. */
  readonly logger?: CacheLogger | undefined;
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

export const shape = objectWith('join', 'split');

const operationChecks = {
  ttl: duration,
  requires: texts,
  admit: functionValue,
  accept: functionValue,
  shape,
  revive: functionValue,
  alike: alikeOption,
  shared: booleanValue,
} satisfies ChecksOf<AiOperation>;

const operations: NestedCheck = {
  problems(path, value) {
    if (objectValue(value) !== undefined)
      return [problem(path, 'must be a dictionary of operation names to their options', value)];
    return Object.entries(value as object).flatMap(([name, options]: [string, unknown]) =>
      name.trim() === ''
        ? [problem(path, 'keys must be non-empty strings', name)]
        : optionProblems(options, operationChecks, [], `${path}.${name}.`),
    );
  },
};

const settingsChecks = {
  operations,
  textHashThreshold: nonNegativeInteger,
  operationTtls,
  defaultTtl: duration,
  maxTtl: (value) => (typeof value === 'string' ? undefined : positiveInteger(value)) ?? timeout(value),
  jitter: fraction,
  ignored: nested({ fields: texts, headers: texts }),
  prices,
  countTokens: functionValue,
  maxRecordedBytes: positiveInteger,
  completeFinishReasons: texts,
  keyPrefix: nonEmptyString,
  maxSeries: positiveInteger,
  monitor: objectValue,
  logger: objectWith('warn'),
  clock: objectWith('now'),
} satisfies ChecksOf<AiCacheSettings>;

/** Settings with their defaults. */
export interface ResolvedSettings {
  readonly operations: ReadonlyMap<string, AiOperation>;
  readonly faults: Faults;
  readonly countTokens: AiCacheSettings['countTokens'];
  /** Bytes. */
  readonly maxRecordedBytes: number;
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
  const operations = Object.entries(settings.operations ?? {});
  assertInKey(operations, settings.ignored?.fields ?? []);
  assertScoped(operations);
  return {
    operations: new Map(operations),
    faults: new Faults(settings.logger),
    countTokens: settings.countTokens,
    maxRecordedBytes: settings.maxRecordedBytes ?? 8 * 2 ** 20,
    textHashThreshold: settings.textHashThreshold ?? 500,
    ttl: {
      defaultTtl: settings.defaultTtl ?? ttlOption(Math.round(cacheDefaultTtl * 1000)),
      operationTtls: ttlsOf(operations, settings.operationTtls ?? {}),
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

/** The ttls of both forms. @throws ValidationError when they name two ttls for one operation */
function ttlsOf(
  operations: readonly (readonly [string, AiOperation])[],
  short: Readonly<Record<string, Ttl>>,
): Readonly<Record<string, Ttl>> {
  const own = operations.flatMap(([name, { ttl }]): [string, Ttl][] =>
    ttl === undefined ? [] : [[name, ttl]],
  );
  const twice = own.filter(([name]) => Object.hasOwn(short, name));
  if (twice.length > 0) {
    throw new ValidationError(
      twice.map(([name]) => {
        const path = `operationTtls.${name}`;
        return { path, message: `${path} is set in operations.${name}.ttl, too: remove one of them` };
      }),
      'AiCacheService',
    );
  }
  return { ...short, ...Object.fromEntries(own) };
}

/** @throws ValidationError when an operation requires a field that the key leaves out: all its values share answers */
function assertInKey(
  operations: readonly (readonly [string, AiOperation])[],
  ignored: readonly string[],
): void {
  const problems = operations.flatMap(([name, { requires = [] }]) =>
    requires
      .filter((field) => ignored.includes(field))
      .map((field) => {
        const path = `operations.${name}.requires`;
        return { path, message: `${path} names '${field}', which ignored.fields leaves out of the key` };
      }),
  );
  if (problems.length > 0) throw new ValidationError(problems, 'AiCacheService');
}

/** @throws ValidationError when an operation matches alike texts, and nothing tells whose answers may be shared */
function assertScoped(operations: readonly (readonly [string, AiOperation])[]): void {
  const problems = operations
    .filter(
      ([, { alike, requires = [], shared }]) =>
        alike !== undefined && requires.length === 0 && shared !== true,
    )
    .map(([name]) => {
      const path = `operations.${name}.alike`;
      const words =
        "needs requires: ['tenant'], or the fields that tell your users apart; shared: true if every caller may get every answer";
      return { path, message: `${path} ${words}` };
    });
  if (problems.length > 0) throw new ValidationError(problems, 'AiCacheService');
}
