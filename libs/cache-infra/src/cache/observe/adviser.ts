import { durationSeconds } from '../../base/duration.js';
import { failureKind, isOutage } from '../../tiers/redis/errors.js';
import type { RemoteServer, RemoteTier } from '../../tiers/remote-tier.js';
import type { RedisCacheOptions } from '../contract/cache-options.js';
import { defaultOptions } from '../contract/default-options.js';
import type { CacheLogger } from '../contract/logger.js';
import { harmless } from './logger.js';
import type { Coherence } from '../contract/options.js';

/** Facts about the server, by its own word; `undefined` = this user may not ask. */
export interface ServerFacts {
  readonly version?: string | undefined;
  /** Bytes; 0 = no limit. */
  readonly maxMemory?: number | undefined;
  readonly maxMemoryPolicy?: string | undefined;
  /** 0 = no limit. */
  readonly trackingTableMaxKeys?: number | undefined;
  readonly protectedMode?: boolean | undefined;
  /** True if a sample of the keys has keys of other programs. */
  readonly foreignKeys?: boolean | undefined;
}

/** Facts about the connection to the server. */
export interface LinkFacts {
  /** Host and port, without credentials. */
  readonly address: string;
  /** A Unix socket or the loopback interface: traffic stays on this host. */
  readonly local: boolean;
  readonly tls: boolean;
  /** A password or a client certificate is configured. */
  readonly authenticated: boolean;
}

/** The options of the cache that matter for the advice, with defaults applied. */
export interface AdviserSettings {
  readonly name: string;
  readonly keyPrefix: string;
  /** The user chose the prefix. */
  readonly ownKeyPrefix: boolean;
  /** Seconds; 0 = never expires. */
  readonly defaultTtl: number;
  /** Life in the L1, seconds; `undefined` = as long as in Redis. */
  readonly l1Ttl?: number | undefined;
  readonly coherence: Coherence;
  /** Most entries of the L1; 0 = there is no L1. */
  readonly l1Size: number;
}

export type AdviserFacts = ServerFacts & LinkFacts & AdviserSettings;

/** Returns the warning; `undefined` = no risk, or a fact is unknown. */
type Rule = (facts: AdviserFacts) => string | undefined;

/** Number of instances, each with a full L1 of distinct keys, for which the server's tracking table should suffice. */
const instances = 10;
const fewTrackedKeys = 10_000;

const rules: readonly Rule[] = [
  ({ name, keyPrefix, ownKeyPrefix, foreignKeys, address }) => {
    if (ownKeyPrefix || foreignKeys !== true) return undefined;
    return (
      `Cache '${name}' uses the default key prefix '${keyPrefix}' on a Redis (${address}) that other programs use, ` +
      'too: an application with the same prefix would read, overwrite and clear its entries. Set keyPrefix to a ' +
      'unique name.'
    );
  },
  ({ address, maxMemory, maxMemoryPolicy }) => {
    if (maxMemoryPolicy !== 'noeviction' || maxMemory === undefined || maxMemory === 0) return undefined;
    return (
      `Redis (${address}) has maxmemory ${String(maxMemory)} bytes and maxmemory-policy noeviction: once Redis is ` +
      'full, every write fails and no new entry is cached. Set maxmemory-policy to allkeys-lru or allkeys-lfu. If ' +
      'Redis also holds data that must not be evicted, set volatile-lru.'
    );
  },
  ({ name, address, maxMemory, maxMemoryPolicy, defaultTtl }) => {
    if (maxMemoryPolicy?.startsWith('volatile-') !== true || maxMemory === 0 || defaultTtl !== 0)
      return undefined;
    return (
      `Cache '${name}' has defaultTtl 0, and Redis (${address}) has maxmemory-policy ${maxMemoryPolicy}, which ` +
      'evicts only keys with a ttl: once Redis is full, entries of this cache are never evicted and writes fail. ' +
      'Give the cache a defaultTtl, or set maxmemory-policy to allkeys-lru.'
    );
  },
  ({ address, local, tls }) => {
    if (local || tls) return undefined;
    return (
      `Redis (${address}) is reached over the network without TLS: anyone on that network can read cached values and ` +
      'the password. Use a rediss:// URL or the option redis.tls.'
    );
  },
  ({ address, local, authenticated, protectedMode }) => {
    if (local || authenticated) return undefined;
    const unprotected = protectedMode === false ? ', protected-mode is off' : '';
    return (
      `Redis (${address}) accepts commands over the network without a password${unprotected}: any client that ` +
      'reaches it can read, change and delete everything. Give it a password or an ACL user (redis.username, ' +
      'redis.password).'
    );
  },
  ({ name, l1Ttl, defaultTtl, l1Size }) => {
    if (l1Size === 0 || l1Ttl === undefined || defaultTtl === 0 || l1Ttl <= defaultTtl) return undefined;
    return (
      `Cache '${name}' has an l1Ttl of ${String(l1Ttl)} s, above its defaultTtl of ${String(defaultTtl)} s: the L1 ` +
      'keeps no entry longer than Redis does, so l1Ttl has no effect. Set l1Ttl below defaultTtl, or omit it.'
    );
  },
  // A Redis on the same host serves one machine, most often a developer's.
  ({ name, local, l1Size, coherence }) => {
    if (local || l1Size === 0 || coherence !== 'none') return undefined;
    return (
      `Cache '${name}' has an L1 and coherence 'none': after one instance changes or deletes an entry, other ` +
      "instances serve the old value until it expires. Leave coherence at 'tracking', or set enableL1Cache to false."
    );
  },
  ({ name, address, trackingTableMaxKeys, coherence, l1Size }) => {
    const needed = Math.max(fewTrackedKeys, instances * l1Size);
    if (l1Size === 0 || coherence !== 'tracking') return undefined;
    if (trackingTableMaxKeys === undefined || trackingTableMaxKeys === 0 || trackingTableMaxKeys >= needed)
      return undefined;
    return (
      `Redis (${address}) tracks at most ${String(trackingTableMaxKeys)} keys (tracking-table-max-keys), too few for ` +
      `the L1 of cache '${name}' (${String(l1Size)} entries in each instance): beyond this limit Redis invalidates ` +
      `unchanged L1 entries. Set it to ${String(needed)} or more (its default is 1000000), or set coherence to ` +
      "'broadcast'."
    );
  },
  ({ name, address, version, coherence, l1Size }) => {
    if (l1Size === 0 || (coherence !== 'tracking' && coherence !== 'broadcast')) return undefined;
    if (version === undefined || !(Number.parseInt(version, 10) < 6)) return undefined;
    return (
      `Redis (${address}) is version ${version}, which has no CLIENT TRACKING: the L1 of cache '${name}' does not ` +
      'receive invalidations from other instances. Upgrade to Redis 6 or later, or set enableL1Cache to false.'
    );
  },
];

/** Warnings about settings that work now and fail later. Each names the setting, the risk and the remedy. */
export function advise(facts: AdviserFacts): string[] {
  return rules.map((rule) => rule(facts)).filter((warning) => warning !== undefined);
}

/** One server that holds keys. */
type Master = ReturnType<RemoteServer['masters']>[number];

/** Keys of the sample: enough to detect a shared server, too few to delay other clients. */
const sampleSize = 100;

/** Gathers facts by `INFO`, `CONFIG GET` and a sample of the keys. Of a Cluster, it asks one master. */
export async function gatherFacts(l2: RemoteTier, settings: AdviserSettings): Promise<AdviserFacts> {
  const masters = l2.server.masters();
  const [server] = masters;
  let isUnavailable = server === undefined;
  const ask = async <T>(what: string, send: (server: Master) => Promise<T>): Promise<T | undefined> => {
    if (server === undefined || isUnavailable) return undefined;
    try {
      return await l2.server.call(what, () => send(server));
    } catch (error) {
      // A managed Redis forbids CONFIG, and an ACL may forbid any command: an unknown fact causes no warning.
      isUnavailable = isOutage(failureKind(error));
      return undefined;
    }
  };
  // One after another: if Redis stalls now, the adviser's commands alone must not open the breaker.
  const fields = infoFields(await ask('INFO', (redis) => redis.info()));
  const table = configValue(
    await ask('CONFIG GET', (redis) => redis.config('GET', 'tracking-table-max-keys')),
  );
  const protectedMode = configValue(
    await ask('CONFIG GET', (redis) => redis.config('GET', 'protected-mode')),
  );
  const needsKeys = !settings.ownKeyPrefix && !server?.options.keyPrefix;
  const page = needsKeys
    ? await ask('SCAN of some keys', (redis) => redis.scan('0', 'COUNT', sampleSize))
    : undefined;
  return {
    ...settings,
    address: l2.link.address,
    local: masters.every(isLocal),
    tls: masters.every((master) => Boolean(master.options.tls)),
    authenticated: masters.every(isAuthenticated),
    version: fields.get('redis_version'),
    maxMemory: wholeNumber(fields.get('maxmemory')),
    maxMemoryPolicy: fields.get('maxmemory_policy'),
    trackingTableMaxKeys: wholeNumber(table),
    protectedMode: protectedMode === undefined ? undefined : protectedMode !== 'no',
    foreignKeys: page?.[1].some((key) => !isOfDefaultPrefix(key)),
  };
}

/** A default prefix is 'cache' or 'cache.<name>'. */
function isOfDefaultPrefix(key: string): boolean {
  return /^cache[:.]/.test(key);
}

function isLocal({ options, stream }: Master): boolean {
  if ('path' in options && options.path) return true;
  // The address behind a name or a Sentinel. A connection of a Cluster that is not open yet has its host only.
  const host =
    (stream as Partial<Master['stream']> | undefined)?.remoteAddress ?? options.host ?? 'localhost';
  return /^(localhost$|127\.|::1$|::ffff:127\.)/.test(host);
}

function isAuthenticated({ options }: Master): boolean {
  return Boolean(options.password) || Boolean(options.tls?.cert);
}

function infoFields(info: string | undefined): ReadonlyMap<string, string> {
  const lines = (info ?? '').split(/\r?\n/).filter((line) => line.includes(':'));
  return new Map(lines.map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1)]));
}

/** The value in `[name, value]`, or in a map: a client that the user passes may return either. */
function configValue(reply: unknown): string | undefined {
  if (typeof reply !== 'object' || reply === null) return undefined;
  const values = reply instanceof Map ? [...reply.values()] : Object.values(reply);
  const last: unknown = values.at(-1);
  return typeof last === 'string' ? last : undefined;
}

function wholeNumber(text: string | undefined): number | undefined {
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : undefined;
}

/** The adviser's view of a cache's options. */
export function adviserSettings(
  options: RedisCacheOptions,
  resolved: Pick<AdviserSettings, 'name' | 'keyPrefix' | 'coherence'>,
): AdviserSettings {
  return {
    ...resolved,
    ownKeyPrefix: options.keyPrefix !== undefined && options.keyPrefix !== 'cache',
    defaultTtl: durationSeconds(options.defaultTtl ?? defaultOptions.defaultTtl, 'defaultTtl'),
    l1Ttl: options.l1Ttl === undefined ? undefined : durationSeconds(options.l1Ttl, 'l1Ttl'),
    l1Size: options.enableL1Cache === false ? 0 : (options.l1CacheSize ?? 100),
  };
}

/** The warnings that each logger got: caches that share a server and a logger share them. */
const logged = new WeakMap<CacheLogger, Set<string>>();

/** Gathers the facts and logs one warning for each risk, once for each logger. Never rejects. */
export async function adviseOnce(
  l2: RemoteTier,
  settings: AdviserSettings,
  logger: CacheLogger,
): Promise<void> {
  try {
    const facts = await gatherFacts(l2, settings);
    // The cache was closed, or Redis is unavailable: that has a log line of its own.
    if (l2.link.status !== 'ready') return;
    const earlier = logged.get(logger) ?? new Set();
    logged.set(logger, earlier);
    for (const warning of advise(facts)) {
      if (earlier.has(warning)) continue;
      earlier.add(warning);
      harmless(logger).warn(warning);
    }
  } catch {
    // Advice must not fail a cache: a client may lack INFO, for one.
  }
}
