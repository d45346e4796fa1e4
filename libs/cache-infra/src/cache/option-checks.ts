import type { Check, Checks } from '../checks.js';
import {
  booleanValue,
  duration,
  fraction,
  functionValue,
  integerBetween,
  nested,
  nodeList,
  nonEmptyString,
  nonNegativeInteger,
  objectValue,
  objectWith,
  oneOf,
  optionProblems,
  positiveInteger,
  redisUrl,
  stringValue,
  timeout,
  ttlSeconds,
} from '../checks.js';
import type { CacheType } from '../codec/cache-type.js';
import { encryptionOptions } from '../codec/encryption.js';
import type { ValidationProblem } from '../errors.js';
import { hasStrayBrace } from '../keys/namespace.js';
import { ValidationError } from '../errors.js';
import type { RedisClient } from '../tiers/redis-options.js';
import type { BaseCacheOptions, InMemoryCacheOptions, RedisCacheOptions } from './cache-options.js';

type ChecksOf<T> = Checks & Readonly<Record<keyof T, Checks[string]>>;

/** An ioredis client of the user's own: not ours to look into. */
export function isRedisClient(value: object): value is RedisClient {
  return 'status' in value && 'duplicate' in value;
}

/** Types by which entries say what they hold: two of one name could not be told apart. */
const cacheTypes: Check = (value) => {
  if (!Array.isArray(value) || !value.every(isCacheType))
    return 'must be a list of types { name, is, encode, decode }, with functions after the name';
  const names = value.map(({ name }) => name);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  return twice === undefined ? undefined : `must have one type of each name, got two of '${twice}'`;
};

function isCacheType(type: unknown): type is CacheType {
  if (typeof type !== 'object' || type === null) return false;
  const { name, is, encode, decode } = type as Partial<Record<keyof CacheType, unknown>>;
  return (
    typeof name === 'string' && name !== '' && [is, encode, decode].every((it) => typeof it === 'function')
  );
}

export const baseChecks = {
  name: nonEmptyString,
  defaultTtl: ttlSeconds,
  isolation: oneOf('clone', 'freeze', 'reference'),
  plain: booleanValue,
  types: cacheTypes,
  maxValueNodes: positiveInteger,
  enabled: booleanValue,
  grace: duration,
  jitter: fraction,
  refreshAhead: (value: unknown) =>
    typeof value === 'number' && value > 0 && value < 1 ? undefined : 'must be a number between 0 and 1',
  softTimeout: timeout,
  hardTimeout: timeout,
  graceBackoff: timeout,
  monitor: objectValue,
  onOperation: functionValue,
  logger: objectWith('warn', 'log'),
  clock: objectWith('now'),
} satisfies ChecksOf<BaseCacheOptions>;

export const inMemoryChecks = {
  ...baseChecks,
  maxSize: positiveInteger,
} satisfies ChecksOf<InMemoryCacheOptions>;

export const redisServerChecks: Checks = {
  url: redisUrl,
  host: nonEmptyString,
  port: integerBetween(1, 65_535),
  username: stringValue,
  password: stringValue,
  db: nonNegativeInteger,
  path: nonEmptyString,
  sentinels: nodeList,
  sentinelName: nonEmptyString,
  sentinelUsername: stringValue,
  sentinelPassword: stringValue,
  nodes: nodeList,
  tls: (value) => (typeof value === 'boolean' ? undefined : objectValue(value)),
};

export const redisChecks = {
  ...baseChecks,
  lock: booleanValue,
  leaseDuration: timeout,
  l1Ttl: timeout,
  redisUrl,
  redis: nested(redisServerChecks, isRedisClient),
  keyPrefix: (value: unknown) =>
    nonEmptyString(value) ??
    (hasStrayBrace(value as string)
      ? 'must have its braces around a Redis Cluster hash tag, or none'
      : undefined),
  enableL1Cache: booleanValue,
  l1CacheSize: positiveInteger,
  enableCompression: booleanValue,
  compressionThreshold: nonNegativeInteger,
  compressionLevel: integerBetween(1, 9),
  maxValueBytes: positiveInteger,
  commandTimeout: timeout,
  connectTimeout: timeout,
  onError: oneOf('degrade', 'throw'),
  coherence: oneOf('tracking', 'broadcast', 'pubsub', 'none'),
  journalMaxEntries: nonNegativeInteger,
  journalMaxBytes: nonNegativeInteger,
  journalHorizon: duration,
  breakerThreshold: positiveInteger,
  breakerProbeInterval: timeout,
  encryption: encryptionOptions,
  adviser: booleanValue,
} satisfies ChecksOf<RedisCacheOptions>;

/** @throws ValidationError that lists every problem; one of `redisUrl` and `redis` is required */
export function assertRedisCacheOptions(options: RedisCacheOptions): void {
  const hasRedis = typeof options === 'object' && options?.redis !== undefined;
  const problems = [
    ...optionProblems(options, redisChecks, hasRedis ? [] : ['redisUrl']),
    ...addressProblems(options),
  ];
  if (problems.length > 0) throw new ValidationError(problems, 'RedisCache');
}

/** Two addresses: which one was meant is for the user to say. */
export function addressProblems(options: Partial<RedisCacheOptions> | null): readonly ValidationProblem[] {
  if (options?.redisUrl === undefined || options.redis === undefined) return [];
  return [{ path: 'redis', message: 'redis cannot be combined with redisUrl (use redis.url)' }];
}
