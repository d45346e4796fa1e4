import type { RedisCacheOptions } from './cache-options.js';

/** What an option is when nobody gives it, in every cache. */
export const defaultOptions = {
  name: 'default',
  defaultTtl: 3600,
  isolation: 'clone',
  enabled: true,
  grace: 0,
  jitter: 0,
  graceBackoff: '1s',
} as const satisfies Partial<RedisCacheOptions>;

/** What an option of a cache in Redis is when nobody gives it. */
export const defaultRedisOptions = {
  lock: false,
  leaseDuration: '5s',
  enableL1Cache: true,
  l1CacheSize: 100,
  enableCompression: true,
  compressionThreshold: 1000,
  compressionLevel: 6,
  maxValueBytes: 64 * 1024 * 1024,
  commandTimeout: '250ms',
  connectTimeout: '2s',
  onError: 'degrade',
  coherence: 'tracking',
  journalMaxEntries: 100_000,
  journalMaxBytes: 32 * 1024 * 1024,
  journalHorizon: '10m',
  breakerThreshold: 3,
  breakerProbeInterval: '500ms',
  adviser: true,
} as const satisfies Partial<RedisCacheOptions>;

/** Without a channel that tells of every change, an L1 goes on with a value for no longer than this, where nobody says otherwise. */
export const unheardL1Ttl = '1m';
