// The options of `CacheFactory` and `CacheInfraModule`: the option table of the caches, and the factory's own entries.
import { operationTtls as operationTtlsCheck, oneOf } from '../base/checks.js';
import {
  count,
  defaultsOf,
  durationSchema,
  entries,
  flag,
  kind,
  type OptionTable,
  type ValueOf,
} from '../cache/contract/option-kinds.js';
import { redisOptions } from '../cache/contract/option-table.js';
import type { Ttl } from '../cache/contract/options.js';
import { canonicalPresetName, presetAliases, presetNames, type PresetName } from './preset-names.js';

const ownFactoryOptions = {
  /**
   * `true`: memory only, whatever else names a Redis. `false`: Redis is required.
   *
   * @default memory, unless a Redis is named
   */
  useMemoryCache: flag(),
  /**
   * Reject with `InfrastructureError` when Redis is unavailable at the start, instead of starting in memory.
   *
   * @default false
   */
  failOnConnectionError: flag({ default: false, variable: 'CACHE_FAIL_ON_CONNECTION_ERROR' }),
};

const operationTtls = kind<Readonly<Record<string, Ttl>>>({
  check: operationTtlsCheck,
  schema: {
    type: 'object',
    propertyNames: { pattern: '\\S' },
    additionalProperties: durationSchema,
  },
  unit: 'durations, by operation',
});

const ownAiOptions = {
  /**
   * Another name of `l1CacheSize`, over which it wins.
   *
   * @default that of `l1CacheSize`
   */
  memoryCacheSize: entries(),
  /**
   * AI: a key with nothing but a model of at most this many characters, numbers and booleans is readable; any other
   * request stands in its key as a digest.
   *
   * @default 500
   */
  textHashThreshold: count({ default: 500, unit: 'characters' }),
  /**
   * AI: ttls of operations that `defaultTtl` does not fit, `{ summarize: '2h' }`; 0 = never expires.
   *
   * @default {}
   */
  operationTtls: operationTtls({ default: {} }),
};

const preset = kind<PresetName>({
  check: (value) => oneOf(...presetNames)(canonicalPresetName(value)),
  schema: { enum: [...presetNames, ...presetAliases] },
  unit: 'preset',
});

const presetOption = {
  /**
   * Values of options that neither code nor environment gives. Not for `forWebApp`, `forAiApp` and `forTesting`.
   *
   * @default `CACHE_PRESET`
   */
  preset: preset(),
};

// Named types, not inferred ones: the declarations of the table keep its doc comments.
type Common = typeof redisOptions & typeof ownFactoryOptions;
type Ai = Common & typeof ownAiOptions;
type Config = typeof presetOption & Ai;

const commonOptions: Common = { ...redisOptions, ...ownFactoryOptions };
const aiOptions: Ai = { ...commonOptions, ...ownAiOptions };
/** Every option of a cache by configuration. */
export const configOptions: Config = { ...presetOption, ...aiOptions };

/** Options of every method of `CacheFactory`. Without `redisUrl` and `redis` the cache lives in memory. */
export type CommonCacheOptions = { -readonly [K in keyof Common]?: ValueOf<Common[K]> | undefined };

/** For web applications: many small values, read often. */
export type WebAppCacheOptions = CommonCacheOptions;

/** For tests: short lives, few entries. */
export type TestingCacheOptions = CommonCacheOptions;

/** For AI responses: large texts that are expensive to make. */
export type AiAppCacheOptions = { -readonly [K in keyof Ai]?: ValueOf<Ai[K]> | undefined };

/** A cache by configuration: every option, and a preset to start from. */
export type CacheConfig = { -readonly [K in keyof Config]?: ValueOf<Config[K]> | undefined };

/** A cache for AI responses by configuration: {@link AiAppCacheOptions}, and a preset to start from. */
export type AiCacheConfig = CacheConfig;

/** The options that one way to make a cache takes, and their defaults. */
export interface OptionSet<T> {
  readonly table: OptionTable;
  readonly defaults: Readonly<Partial<T>>;
}

const aiDefaults = { defaultTtl: 3600, l1CacheSize: 200, compressionThreshold: 1000 };

export const webAppOptionSet: OptionSet<WebAppCacheOptions> = {
  table: commonOptions,
  defaults: {
    ...defaultsOf(commonOptions),
    ...{ defaultTtl: 1800, l1CacheSize: 200, compressionThreshold: 2000 },
  },
};

export const testingOptionSet: OptionSet<TestingCacheOptions> = {
  table: commonOptions,
  defaults: { ...defaultsOf(commonOptions), defaultTtl: 60, l1CacheSize: 50 },
};

export const aiAppOptionSet: OptionSet<AiAppCacheOptions> = {
  table: aiOptions,
  defaults: { ...defaultsOf(aiOptions), ...aiDefaults },
};

export const configOptionSet: OptionSet<CacheConfig> = {
  table: configOptions,
  defaults: defaultsOf(configOptions),
};

export const aiConfigOptionSet: OptionSet<AiCacheConfig> = {
  table: configOptions,
  defaults: { ...defaultsOf(configOptions), ...aiDefaults },
};

/** Default of `l1CacheSize` where a cache by configuration lives in memory alone: an L1 before Redis needs fewer. */
export const memoryEntries = 10_000;
