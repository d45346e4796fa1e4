import type { Check, Checks } from '../../base/checks.js';
import {
  booleanValue,
  duration,
  entriesInMemory,
  fraction,
  functionValue,
  hostName,
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
  socketPath,
  stringValue,
  timeout,
  ttlSeconds,
} from '../../base/checks.js';
import type { CacheType } from '../../values/cache-type.js';
import { encryptionOptions } from '../../codec/encryption.js';
import type { ValidationProblem } from '../../base/errors.js';
import { hasStrayBrace } from '../../keys/namespace.js';
import { ValidationError } from '../../base/errors.js';
import type { RedisClient, RedisServerOptions } from '../../tiers/redis/options.js';
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
  // 0 means what it means for a call: serve a stale value at once; no limit.
  softTimeout: duration,
  hardTimeout: duration,
  graceBackoff: timeout,
  monitor: objectValue,
  onOperation: functionValue,
  logger: objectWith('warn', 'log'),
  clock: objectWith('now'),
} satisfies ChecksOf<BaseCacheOptions>;

export const inMemoryChecks = {
  ...baseChecks,
  maxSize: entriesInMemory,
} satisfies ChecksOf<InMemoryCacheOptions>;

export const redisServerChecks: Checks = {
  url: redisUrl,
  host: hostName,
  port: integerBetween(1, 65_535),
  username: stringValue,
  password: stringValue,
  db: nonNegativeInteger,
  path: socketPath,
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
  // 0 = as long as in Redis.
  l1Ttl: duration,
  redisUrl,
  redis: nested(redisServerChecks, isRedisClient),
  keyPrefix: (value: unknown) =>
    nonEmptyString(value) ??
    (hasStrayBrace(value as string)
      ? 'must have its braces around a Redis Cluster hash tag, or none'
      : undefined),
  enableL1Cache: booleanValue,
  l1CacheSize: entriesInMemory,
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

/** What the address of Redis says twice, or says of something that is not there. */
export function addressProblems(options: Partial<RedisCacheOptions> | null): readonly ValidationProblem[] {
  const redis = options?.redis;
  if (typeof redis !== 'object' || redis === null) return [];
  if (options?.redisUrl !== undefined) {
    return [{ path: 'redis', message: 'redis cannot be combined with redisUrl (use redis.url)' }];
  }
  return isRedisClient(redis) ? [] : serverProblems(redis);
}

const places = ['url', 'host', 'path', 'sentinels', 'nodes'] as const satisfies (keyof RedisServerOptions)[];
const ofSentinels = ['sentinelName', 'sentinelUsername', 'sentinelPassword'] as const;

function serverProblems(server: RedisServerOptions): readonly ValidationProblem[] {
  const problems: ValidationProblem[] = [];
  const refuse = (name: keyof RedisServerOptions, words: string): void => {
    problems.push({ path: `redis.${name}`, message: `redis.${name} ${words}` });
  };
  const [place, ...others] = places.filter((name) => server[name] !== undefined);
  for (const other of others) {
    refuse(other, `cannot be combined with redis.${String(place)}: each says where Redis is`);
  }
  if (server.port !== undefined && place !== undefined && place !== 'host') {
    refuse('port', `belongs to redis.host, and redis.${place} is given: it has no effect there`);
  }
  for (const name of server.sentinels === undefined ? ofSentinels : []) {
    if (server[name] !== undefined) refuse(name, 'has no effect without redis.sentinels');
  }
  if (server.nodes !== undefined && server.db !== undefined && server.db !== 0) {
    refuse('db', 'must be 0 with redis.nodes: a Redis Cluster has no other database');
  }
  return problems;
}
