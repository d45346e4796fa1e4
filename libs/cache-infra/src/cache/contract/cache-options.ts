// The options of the caches, derived from the option table. Editors show the documentation of the table's entries.
import type { ValueOf } from './option-kinds.js';
import type { baseOptions, memoryOptions, redisOptions } from './option-table.js';

export type { EncryptionOptions } from './encryption-options.js';
export type { AdvancedOptions, BaseAdvancedOptions } from './option-table.js';

type Base = typeof baseOptions;
type Memory = typeof memoryOptions;
type Redis = typeof redisOptions;

/** Options of every cache. */
export type BaseCacheOptions = { -readonly [K in keyof Base]?: ValueOf<Base[K]> | undefined };

/** Options of a cache that lives in memory alone. */
export type InMemoryCacheOptions = { -readonly [K in keyof Memory]?: ValueOf<Memory[K]> | undefined };

/** Options of a cache in Redis. One of `redisUrl` and `redis` is required. */
export type RedisCacheOptions = { -readonly [K in keyof Redis]?: ValueOf<Redis[K]> | undefined };
