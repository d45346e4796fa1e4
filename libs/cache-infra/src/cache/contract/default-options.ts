import { defaultsOf } from './option-kinds.js';
import { advancedOptions, baseOptions, memoryOptions, redisOptions } from './option-table.js';

/** The defaults that every cache shares. */
export const defaultOptions = defaultsOf(baseOptions);

/** Those of a cache that lives in memory alone. */
export const defaultMemoryOptions = defaultsOf(memoryOptions);

/** Those of a cache in Redis. */
export const defaultRedisOptions = defaultsOf(redisOptions);

/** Those of the options under `advanced`. */
export const defaultAdvancedOptions = defaultsOf(advancedOptions);

/** Life of a value in the L1 when no channel tells of every change and `l1Ttl` is not given. */
export const unheardL1Ttl = '1m';
