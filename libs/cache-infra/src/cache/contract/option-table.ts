// The option table: an option of a cache stands here and nowhere else, in one entry: name, doc comment (for editors and
// the guide to configuration), kind (type, check, unit, JSON Schema), default, variable. Rarely needed options stand in
// the tables of the group `advanced`. Arrows point to this file.
// Derived: types, defaults and checks beside it; environment and JSON Schema in config/, whose options.ts adds the
// factory's own entries; the tables of the guide by `node scripts/option-docs.mjs`. Why:
// https://github.com/nestjs-cache-infra/nestjs-cache-infra/blob/main/docs/decisions/options.md
import {
  hostName,
  latestVersion,
  nested,
  nodeList,
  nonEmptyString,
  objectValue,
  socketPath,
  valueVersion,
  type Check,
  type Checks,
} from '../../base/checks.js';
import type { Clock } from '../../base/clock.js';
import { compressionAlgorithms } from '../../codec/compression.js';
import { encryptionOptions } from '../../codec/encryption.js';
import { hasStrayBrace } from '../../keys/namespace.js';
import {
  isClient,
  type RedisConnectionOptions,
  type RedisNode,
  type RedisServerOptions,
  type RedisTlsOptions,
} from '../../tiers/redis/options.js';
import type { CacheType } from '../../values/cache-type.js';
import { defaultMaxNodes } from '../../values/snapshot.js';
import type { EncryptionOptions } from './encryption-options.js';
import type { CacheLogger } from './logger.js';
import type { CacheMonitor, OperationHook } from './monitor.js';
import {
  anyText,
  byteSize,
  callback,
  checksOf,
  choice,
  count,
  duration,
  entries,
  flag,
  fraction,
  group,
  integer,
  kind,
  memorySize,
  positive,
  properFraction,
  propertiesOf,
  redisUrl,
  service,
  text,
  timeout,
  type Option,
  type ValueOf,
} from './option-kinds.js';

const mebibyte = 1024 * 1024;

/** Types by which entries say what they hold: two of one name could not be told apart. */
const typeList: Check = (value) => {
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

const version = kind<number>({
  check: valueVersion,
  schema: { type: 'integer', minimum: 1, maximum: latestVersion },
  unit: 'number',
});

const types = kind<readonly CacheType[]>({ check: typeList, schema: { type: 'array' }, unit: 'list' });

/** Rarely needed options of every cache, under `advanced`. */
export const baseAdvancedOptions = {
  /**
   * Parts of a value: objects, array elements and the values in them. A larger value is refused at `set`, and is a miss
   * when read from Redis.
   *
   * @default 2,000,000
   */
  maxValueNodes: positive({ default: defaultMaxNodes, unit: 'parts' }),
  /**
   * How long a stale value is served without another load after a failed one. Doubles with each failure, up to tenfold.
   *
   * @default '1s'
   */
  graceBackoff: timeout({ default: '1s' }),
  /**
   * From a verification that finds another value to the second look: an invalidation may be on its way.
   *
   * @default '1s'
   */
  verifySettle: timeout({ default: '1s' }),
  /**
   * Where time comes from, for tests.
   *
   * @default the system's, never going back
   */
  clock: service<Clock>('now')(),
};

type BaseAdvanced = typeof baseAdvancedOptions;

/** Rarely needed options of every cache. */
export type BaseAdvancedOptions = {
  -readonly [K in keyof BaseAdvanced]?: ValueOf<BaseAdvanced[K]> | undefined;
};

/** Options of every cache. */
export const baseOptions = {
  /**
   * Shown in statistics, logs and health.
   *
   * @default 'default'
   */
  name: text({ default: 'default' }),
  /**
   * Life of an entry whose `set` names no ttl; 0 = never expires; at most 365 days.
   *
   * @default 3600
   */
  defaultTtl: duration({ default: 3600, variable: 'CACHE_TTL' }),
  /**
   * What `get` returns. `'clone'`: a copy each time. `'freeze'`: one deeply frozen copy for all. `'reference'`: the
   * value itself.
   *
   * @default 'clone'
   */
  isolation: choice('clone', 'freeze', 'reference')({ default: 'clone' }),
  /**
   * For calls that do not say: store instances of classes as plain objects. `false`: refuse an instance that would lose
   * something.
   *
   * @default false
   * @see https://github.com/nestjs-cache-infra/nestjs-cache-infra/blob/main/docs/values.md
   */
  plain: flag({ default: false }),
  /**
   * Classes whose instances come back as instances: `[decimalType(Decimal)]`, `[{ name, is, encode, decode }]`.
   *
   * @default none
   */
  types: types(),
  /**
   * `false`: nothing is stored, every read is a miss, `getOrSet` runs its loader, and no connection is made.
   *
   * @default true
   */
  enabled: flag({ default: true }),
  /**
   * For calls that name none: how long a value is kept beyond its ttl, to be served stale when its loader fails or is
   * slow.
   *
   * @default 0
   */
  grace: duration({ default: 0 }),
  /**
   * For calls that name none: up to this fraction is taken off the ttl, at random, so that entries stored together do
   * not expire together.
   *
   * @default 0
   */
  jitter: fraction({ default: 0 }),
  /**
   * For calls that name none: fraction of the ttl after which a hit also refreshes the value in the background.
   *
   * @default never
   */
  refreshAhead: properFraction(),
  /**
   * For calls that name none: serve a stale value after waiting this long for its loader; 0 = at once.
   *
   * @default none
   */
  softTimeout: duration(),
  /**
   * For calls that name none: without a stale value they reject with `CacheTimeoutError` after this long; 0 = no limit.
   * Also bounds the load itself, in the background too: its signal aborts and its key is free.
   *
   * @default none
   */
  hardTimeout: duration(),
  /**
   * For calls that name none: share of hits of `getOrSet` (0-1) that are verified after they were answered: the loader
   * runs again in the background, and its value is compared.
   *
   * @default 0
   * @see https://github.com/nestjs-cache-infra/nestjs-cache-infra/blob/main/docs/recipes/truth-meter.md
   */
  verify: fraction({ default: 0 }),
  /**
   * Most verifications of one minute.
   *
   * @default 60
   */
  verifyPerMinute: count({ default: 60, unit: 'loader runs' }),
  /**
   * Version of the shape of values, for calls that name none: a value of another version is a miss. See `version` of a
   * call.
   *
   * @default none: values of any version are taken
   */
  version: version(),
  /**
   * How far a replica of the database that loaders read may lag behind: a load that begins within this time after an
   * invalidation of its key or tags is served and not stored. Costs such a cache one read of Redis for each load.
   *
   * @default 0
   * @see https://github.com/nestjs-cache-infra/nestjs-cache-infra/blob/main/docs/transactions.md#what-if-loaders-read-from-a-replica
   */
  replicaLag: duration({ default: 0, variable: 'CACHE_REPLICA_LAG' }),
  /**
   * Bytes that the L1s of all caches with this option take together in the process; `'25%'` is a share of V8's heap
   * limit. The smallest of several budgets applies. Under heap pressure these L1s shrink.
   *
   * @default none
   * @see https://github.com/nestjs-cache-infra/nestjs-cache-infra/blob/main/docs/configuration.md#memory-of-all-caches
   */
  memoryBudget: memorySize({ variable: 'CACHE_MEMORY_BUDGET' }),
  /**
   * A monitor of this cache. A factory adds its own.
   *
   * @default none
   */
  monitor: service<CacheMonitor>()(),
  /**
   * Called after every operation. It may throw, reject or hang without effect on the cache.
   *
   * @default none
   */
  onOperation: callback<OperationHook>()(),
  /**
   * Told when Redis or the invalidation channel is lost and restored, which commands Redis refuses, and which settings
   * are risky.
   *
   * @default none; `console` from a factory; Nest's `Logger` in an application
   */
  logger: service<CacheLogger>('warn', 'log')(),
  /**
   * Options that are rarely needed: `{ graceBackoff: '5s' }`.
   *
   * @default {}
   * @see https://github.com/nestjs-cache-infra/nestjs-cache-infra/blob/main/docs/configuration.md#advanced-options
   */
  advanced: group<BaseAdvancedOptions>(baseAdvancedOptions)(),
};

const ownMemoryOptions = {
  /**
   * Entries at most, up to 8,388,608. Entries that are not read again are evicted first. Room for all is taken at once.
   *
   * @default 1000
   */
  maxSize: entries({ default: 1000 }),
  /**
   * Bytes of all entries at most, as estimated when they are stored. Entries that are not read again are evicted first;
   * a value larger than a quarter of it is not stored.
   *
   * @default no limit
   * @see https://github.com/nestjs-cache-infra/nestjs-cache-infra/blob/main/docs/configuration.md#memory-of-the-l1
   */
  maxBytes: byteSize(),
};

/** Options of a cache that lives in memory alone. */
export const memoryOptions = { ...baseOptions, ...ownMemoryOptions };

const portSchema = { type: 'integer', minimum: 1, maximum: 65_535 };
const hostSchema = { type: 'string', pattern: '^[^/@?#\\s]+$' };
const host = kind<string>({ check: hostName, schema: hostSchema, unit: 'name or IP address' });
const path = kind<string>({ check: socketPath, schema: { type: 'string', minLength: 1 }, unit: 'path' });
const nodes = kind<RedisNode[]>({
  check: nodeList,
  schema: {
    type: 'array',
    minItems: 1,
    items: {
      type: 'object',
      required: ['host'],
      additionalProperties: false,
      properties: { host: hostSchema, port: portSchema },
    },
  },
  unit: '`[{ host, port? }]`',
});
const tls = kind<boolean | RedisTlsOptions>({
  check: (value) => (typeof value === 'boolean' ? undefined : objectValue(value)),
  schema: { type: ['boolean', 'object'] },
  unit: 'flag or object',
});

/** Options within `redis`. Their type is `RedisServerOptions` of `tiers/redis`, which may not import this table. */
export const serverOptions = {
  /** The same as `redisUrl`; the two together are refused. */
  url: redisUrl(),
  /**
   * Where the server is, by its name or IP address alone.
   *
   * @default localhost
   */
  host: host(),
  /**
   * Beside `host` only.
   *
   * @default 6379
   */
  port: integer(1, 65_535)(),
  /** A Unix socket. */
  path: path(),
  /** Sentinels that know where the master is, on port 26379 by default. */
  sentinels: nodes(),
  /**
   * The master that the Sentinels watch.
   *
   * @default 'mymaster'
   */
  sentinelName: text(),
  /** For the Sentinels themselves. */
  sentinelUsername: anyText(),
  /** For the Sentinels themselves. */
  sentinelPassword: anyText(),
  /** Some nodes of a Redis Cluster, on port 6379 by default; the others are found through them. */
  nodes: nodes(),
  /** ACL user, where the URL names none. */
  username: anyText(),
  /** Where the URL has none. */
  password: anyText(),
  /**
   * Database number. A Cluster has only 0. A number that Redis refuses fails the connection.
   *
   * @default 0
   */
  db: count({ unit: 'number' }),
  /** `true`, or `{ ca, cert, key, passphrase, servername, rejectUnauthorized }` as Node takes them. */
  tls: tls(),
} satisfies { readonly [K in keyof RedisServerOptions]-?: Option<RedisServerOptions[K]> };

const serverChecks: Checks = checksOf(serverOptions);
const redis = kind<RedisConnectionOptions>({
  check: nested(serverChecks, isClient),
  schema: { type: 'object', properties: propertiesOf(serverOptions) },
  unit: 'object or client',
});

const keyPrefix = kind<string>({
  check: (value) =>
    nonEmptyString(value) ??
    (hasStrayBrace(value as string)
      ? 'must have its braces around a Redis Cluster hash tag, or none'
      : undefined),
  schema: { type: 'string', minLength: 1 },
  unit: 'text',
});

/** Base64 has neither commas nor colons; an id may have colons. Text of another form comes back as it is. */
function keyList(value: string): EncryptionOptions | string {
  const items = value.split(',').map((item) => /^(.+):(.*)$/s.exec(item.trim()));
  const keys = items.flatMap((item) => (item === null ? [] : [{ id: item[1] ?? '', key: item[2] ?? '' }]));
  return keys.length === items.length ? { keys } : value;
}

const encryption = kind<EncryptionOptions>({
  check: encryptionOptions,
  schema: {
    type: 'object',
    required: ['keys'],
    additionalProperties: false,
    properties: {
      keys: {
        type: 'array',
        minItems: 1,
        items: {
          type: 'object',
          required: ['id', 'key'],
          properties: { id: { type: 'string', minLength: 1 }, key: {} },
        },
      },
    },
  },
  unit: 'object',
  fromText: keyList,
  textForm: 'id:key,id2:key2, each key 32 bytes as base64',
});

const ownAdvancedOptions = {
  /**
   * How long a lease lasts unless it is renewed: as long other instances wait for one that died.
   *
   * @default '5s'
   */
  leaseDuration: timeout({ default: '5s' }),
  /**
   * From fast to small: 1 to 9 with `compressionAlgorithm` `'deflate'` and `'auto'`, 0 to 11 with `'brotli'`, 1 to 19
   * with `'zstd'`.
   *
   * @default 6 with deflate, 5 with brotli, 3 with zstd
   */
  compressionLevel: integer(0, 19)(),
  /**
   * Changes kept for a Redis that is unavailable; 0 = none.
   *
   * @default 100,000
   */
  journalMaxEntries: count({ default: 100_000, unit: 'changes' }),
  /**
   * The same in bytes. Beyond it the oldest value is dropped, and a delete stays in its place.
   *
   * @default 32 MiB
   */
  journalMaxBytes: count({ default: 32 * mebibyte, unit: 'bytes' }),
  /**
   * How long a set that could not reach Redis is replayed as a set; an older one is replayed as a delete. Redis
   * remembers deletes and clears as long, and 10 s at least, each delete in about 150 bytes; 0 = every such set becomes
   * a delete.
   *
   * @default '10m'
   */
  journalHorizon: duration({ default: '10m' }),
  /**
   * Failures in a row after which the breaker opens: Redis is only probed.
   *
   * @default 3
   */
  breakerThreshold: positive({ default: 3, unit: 'failures' }),
  /**
   * From the opening of the breaker to a probe, and from probe to probe.
   *
   * @default '500ms'
   */
  breakerProbeInterval: timeout({ default: '500ms' }),
  /**
   * Look at the settings of Redis once, at the first connection, and warn the `logger` of risky ones.
   *
   * @default true
   */
  adviser: flag({ default: true }),
};

/** Rarely needed options of a cache in Redis, under `advanced`. */
export const advancedOptions = { ...baseAdvancedOptions, ...ownAdvancedOptions };

type Advanced = typeof advancedOptions;

/** Rarely needed options of a cache in Redis. A cache in memory takes {@link BaseAdvancedOptions}. */
export type AdvancedOptions = { -readonly [K in keyof Advanced]?: ValueOf<Advanced[K]> | undefined };

const ownRedisOptions = {
  /**
   * `redis://[user:password@]host[:port][/database]`, `rediss://…` (TLS) or `unix://[user:password@]/path[?db=1]`. User
   * and password are percent-encoded: a `%` is `%25`.
   *
   * @default required, unless `redis` is given
   */
  redisUrl: redisUrl({ variable: 'REDIS_URL' }),
  /**
   * Connection details beyond a URL, or an ioredis client of your own, which the cache never closes.
   *
   * @default none
   */
  redis: redis(),
  /**
   * First part of every Redis key. `:` and `%` in it are percent-encoded in Redis (`shop:eu` is `shop%3Aeu`), so that
   * no prefix covers another.
   *
   * @default `'cache'`; `'cache.<name>'` for a named cache
   */
  keyPrefix: keyPrefix({ variable: 'CACHE_KEY_PREFIX' }),
  /**
   * For calls that do not say: one loader across all instances.
   *
   * @default false
   */
  lock: flag({ default: false }),
  /**
   * For calls that name none: life in the L1, where it is shorter than in Redis; 0 = as long as in Redis.
   *
   * @default 0; `'1m'` with `coherence` `'pubsub'` or `'none'`, where no channel tells of every change
   */
  l1Ttl: duration(),
  /**
   * Keep an L1 in this process.
   *
   * @default true
   */
  enableL1Cache: flag({ default: true, variable: 'CACHE_L1_ENABLED' }),
  /**
   * Entries in memory at most, up to 8,388,608. Room for all of them is taken at once.
   *
   * @default 100
   */
  l1CacheSize: entries({ default: 100, variable: 'CACHE_SIZE' }),
  /**
   * Bytes of all entries in memory at most, as estimated when they are stored; `maxBytes` of a cache in memory. A value
   * larger than a quarter of it stays out of the L1.
   *
   * @default no limit
   * @see https://github.com/nestjs-cache-infra/nestjs-cache-infra/blob/main/docs/configuration.md#memory-of-the-l1
   */
  l1MaxBytes: byteSize({ variable: 'CACHE_MAX_BYTES' }),
  /**
   * How entries are written to Redis. `'json'`: as JSON text, for other programs to read; a value that JSON does not
   * hold is refused. Neither compressed nor encrypted. Entries of both formats are read.
   *
   * @default 'binary'
   * @see https://github.com/nestjs-cache-infra/nestjs-cache-infra/blob/main/docs/recipes/read-entries-elsewhere.md
   */
  format: choice('binary', 'json')({ default: 'binary' }),
  /**
   * Compress values for Redis.
   *
   * @default true
   */
  enableCompression: flag({ default: true, variable: 'ENABLE_CACHE_COMPRESSION' }),
  /**
   * Serialized values above this size are compressed.
   *
   * @default 1000
   */
  compressionThreshold: count({ default: 1000, unit: 'bytes', variable: 'CACHE_COMPRESSION_THRESHOLD' }),
  /**
   * `'deflate'`: every Node reads it. `'zstd'`: a third of the time, 4 to 7 % larger; needs Node 22.15. `'brotli'`:
   * twice the time, 3 % smaller. `'auto'`: zstd where Node has it, else deflate. Entries of all of them are read; to a
   * Node without zstd, an entry in zstd is a miss.
   *
   * @default 'deflate'
   * @see https://github.com/nestjs-cache-infra/nestjs-cache-infra/blob/main/docs/decisions/compression.md
   */
  compressionAlgorithm: choice(...compressionAlgorithms)({
    default: 'deflate',
    variable: 'CACHE_COMPRESSION_ALGORITHM',
  }),
  /**
   * A stored value that is larger is refused at `set`, and is a miss when read.
   *
   * @default 64 MiB
   */
  maxValueBytes: positive({ default: 64 * mebibyte, unit: 'bytes' }),
  /**
   * Longest silence of Redis that a command waits for, from when it is sent.
   *
   * @default '250ms'
   * @see https://github.com/nestjs-cache-infra/nestjs-cache-infra/blob/main/docs/resilience.md#reads-are-bounded
   */
  commandTimeout: timeout({ default: '250ms', variable: 'CACHE_COMMAND_TIMEOUT' }),
  /**
   * Longest attempt to connect: of the data connection, of the invalidation connection, and of a question to a
   * Sentinel.
   *
   * @default '2s'
   */
  connectTimeout: timeout({ default: '2s', variable: 'REDIS_CONNECTION_TIMEOUT' }),
  /**
   * What a Redis error does. `'degrade'`: a failed read is a miss. `'throw'`: the caller gets an `InfrastructureError`.
   *
   * @default 'degrade'
   */
  onError: choice('degrade', 'throw')({ default: 'degrade' }),
  /**
   * How the L1 hears of changes made elsewhere. `'tracking'`: Redis remembers what this instance read. `'broadcast'`:
   * Redis tells of every key under the prefix. `'pubsub'`: the caches tell each other, for proxies without tracking.
   * `'none'`: an L1 entry lives its ttl.
   *
   * @default 'tracking'
   * @see https://github.com/nestjs-cache-infra/nestjs-cache-infra/blob/main/docs/resilience.md#l1s-are-coherent
   */
  coherence: choice('tracking', 'broadcast', 'pubsub', 'none')({ default: 'tracking' }),
  /**
   * `{ keys: [{ id, key }] }`: AES-256-GCM for entries in Redis. Never shown.
   *
   * @default none
   * @see https://github.com/nestjs-cache-infra/nestjs-cache-infra/blob/main/docs/security.md#encryption
   */
  encryption: encryption({ variable: 'CACHE_ENCRYPTION_KEYS' }),
  /**
   * Options that are rarely needed: `{ graceBackoff: '5s' }`.
   *
   * @default {}
   * @see https://github.com/nestjs-cache-infra/nestjs-cache-infra/blob/main/docs/configuration.md#advanced-options
   */
  advanced: group<AdvancedOptions>(advancedOptions)(),
};

/** Options of a cache in Redis. */
export const redisOptions = { ...baseOptions, ...ownRedisOptions };
