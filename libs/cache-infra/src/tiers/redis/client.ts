import { Cluster, Redis, type ClusterOptions, type RedisOptions } from 'ioredis';
import { redactUrl } from '../../base/redact.js';
import { errorKindOf } from './errors.js';
import type { RedisClient, RedisConnectionOptions, RedisServerOptions } from './options.js';

type OwnRedisOptions = RedisOptions & { replyMapping?: 'legacy' };

/** Between two reconnections because a server turned out to be read-only, milliseconds: longer while that does not help. */
const readOnlyPauseMs = { first: 1000, most: 10_000 };

export function isClient(redis: RedisConnectionOptions): redis is RedisClient {
  return 'status' in redis && 'duplicate' in redis;
}

export function isCluster(client: RedisClient): client is Cluster {
  return client.isCluster;
}

/**
 * A client of ours for where `redis` says. It does not connect yet. `onReadOnly`: the server refuses writes, so that another connection
 * may lead to a better one; with a Cluster, that connects anew by itself.
 */
export function createClient(
  redis: RedisServerOptions,
  connectTimeoutMs: number,
  onReadOnly: () => void = ignore,
): RedisClient {
  const isSingle = redis.nodes === undefined;
  let isRenewal = false;
  const options = {
    ...commonOptions(connectTimeoutMs),
    ...accessOptions(redis),
    reconnectOnError: whenReadOnly(() => {
      isRenewal = true;
      onReadOnly();
      return !isSingle;
    }),
    // Calls wait for a connection that is given up for a better one.
    retryStrategy: (times: number) => {
      const isFirst = isRenewal && times === 1;
      isRenewal = false;
      return isFirst ? 0 : retryStrategy(times);
    },
  };
  if (redis.nodes !== undefined) return createCluster(redis.nodes, options);
  return readyWithoutInfo(createRedis(redis, options, connectTimeoutMs));
}

function createRedis(redis: RedisServerOptions, options: OwnRedisOptions, connectTimeoutMs: number): Redis {
  if (redis.sentinels !== undefined)
    return createBehindSentinels(redis, redis.sentinels, options, connectTimeoutMs);
  if (redis.url !== undefined) return createFromUrl(redis.url, options);
  if (redis.path !== undefined) return new Redis({ ...options, path: redis.path });
  return new Redis({ ...options, host: redis.host ?? 'localhost', port: redis.port ?? 6379 });
}

/** An integer reply. A client with `stringNumbers` gives it as text: https://github.com/redis/ioredis#handle-big-numbers */
export function integerOf(reply: unknown): number {
  return Number(reply);
}

type InfoCallback = (error?: Error | null, info?: string) => void;

/**
 * ioredis calls a connection ready when INFO says that the server has loaded its data, and gives the connection up when INFO is
 * refused. A server or proxy that does not know INFO is ready when it has greeted; LOADING is still waited for.
 */
function readyWithoutInfo(client: Redis): Redis {
  const info = client.info.bind(client) as (...args: unknown[]) => Promise<string>;
  const forgiving = (...args: unknown[]): Promise<string> => {
    const [callback] = args;
    if (typeof callback !== 'function') return info(...args);
    return info((error?: Error | null, text?: string) => {
      const told = callback as InfoCallback;
      if (error && isUnavailable(error)) told(null, '');
      else told(error, text);
    });
  };
  return Object.assign(client, { info: forgiving });
}

/** The server, or the user that it knows us as, does not have this command. */
function isUnavailable(error: Error): boolean {
  const kind = errorKindOf(error);
  return error.name === 'ReplyError' && (kind === 'permission' || kind === 'unsupported' || kind === 'other');
}

/** What the client puts before every key of a command. */
export function clientPrefixOf(client: RedisClient): string {
  return client.options.keyPrefix ?? '';
}

/** The number of the database that the client was made for. */
export function databaseOf(client: RedisClient): number {
  return isCluster(client) ? 0 : (client.options.db ?? 0);
}

/** For messages: where, without credentials. */
export function addressOf(client: RedisClient): string {
  if (isCluster(client)) return 'cluster';
  const { options } = client;
  if ('path' in options && options.path) return redactedAddress(options.path);
  if (options.sentinels && options.sentinels.length > 0) return `sentinels of ${options.name ?? 'mymaster'}`;
  const { host = 'localhost', port = 6379 } = options as { host?: string; port?: number };
  return redactedAddress(`${host}:${String(port)}`);
}

/** A client of the user's own may have been given a URL for a host or a path: nobody checked that. */
function redactedAddress(address: string): string {
  return /[@?#]|:\/\//.test(address) ? redactUrl(address) : address;
}

function commonOptions(connectTimeoutMs: number): OwnRedisOptions {
  return {
    lazyConnect: true,
    connectTimeout: connectTimeoutMs,
    connectionName: 'nestjs-cache-infra',
    // ioredis keeps a timer of 2 s when it closes a connection that is gone already or hangs, and the process with it.
    disconnectTimeout: 20,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
  };
}

/** Soon at first, then every two seconds or so; the random part keeps a fleet from coming back in step. */
function retryStrategy(times: number): number {
  return Math.min(2 ** times * 25, 2000) * (0.75 + Math.random() / 2);
}

/**
 * A master that became a replica answers READONLY: the name, or the Sentinels, may lead to the new one by now. The
 * command is not sent again; the journal has it.
 */
function whenReadOnly(reconnects: () => boolean): (error: Error) => boolean {
  let last = -Infinity;
  let pauseMs: number = readOnlyPauseMs.first;
  return (error) => {
    const passedMs = performance.now() - last;
    if (!error.message.startsWith('READONLY') || passedMs < pauseMs) return false;
    pauseMs = passedMs < 3 * pauseMs ? Math.min(2 * pauseMs, readOnlyPauseMs.most) : readOnlyPauseMs.first;
    last = performance.now();
    return reconnects();
  };
}

function ignore(): void {
  // Not every client cares.
}

function accessOptions({ username, password, db, tls }: RedisServerOptions): OwnRedisOptions {
  const options: OwnRedisOptions = {};
  if (username !== undefined) options.username = username;
  if (password !== undefined) options.password = password;
  if (db !== undefined) options.db = db;
  if (tls !== undefined && tls !== false) {
    const given = tls === true ? {} : tls;
    options.tls = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  }
  return options;
}

function createFromUrl(url: string, options: OwnRedisOptions): Redis {
  if (url.startsWith('unix://')) return new Redis(unixOptions(url, options));
  // `new URL`, by which ioredis reads it, refuses a port above 65535 with an error that shows the password. As an option
  // the port fails like any other that cannot be reached.
  const [, start = '', port, end = ''] = /^(\w+:\/\/[^/?#]*):(\d+)((?:[/?#].*)?)$/.exec(url) ?? [];
  if (Number(port ?? 0) <= 65_535) return new Redis(url, options);
  return new Redis(start + end, { ...options, port: Number(port) });
}

/** `unix://[user:password@]/path/to/socket[?db=1]` */
function unixOptions(url: string, options: OwnRedisOptions): OwnRedisOptions {
  const [, access = '', path = '', query = ''] = /^unix:\/\/(?:([^@/]*)@)?([^?]*)\??(.*)$/.exec(url) ?? [];
  const own: OwnRedisOptions = { ...options, path: decodeURIComponent(path) };
  const [username = '', password = ''] = access.split(':').map(decodeURIComponent);
  if (username !== '') own.username = username;
  if (password !== '') own.password = password;
  const db = new URLSearchParams(query).get('db');
  if (db !== null) own.db = Number(db);
  return own;
}

function createBehindSentinels(
  redis: RedisServerOptions,
  sentinels: { host: string; port?: number | undefined }[],
  options: OwnRedisOptions,
  connectTimeoutMs: number,
): Redis {
  const own: OwnRedisOptions = {
    ...options,
    sentinels: sentinels.map(({ host, port = 26_379 }) => ({ host, port })),
    name: redis.sentinelName ?? 'mymaster',
    role: 'master',
    sentinelRetryStrategy: retryStrategy,
    // One that takes connections and says nothing must not keep the others from being asked.
    sentinelCommandTimeout: connectTimeoutMs,
  };
  if (redis.sentinelUsername !== undefined) own.sentinelUsername = redis.sentinelUsername;
  if (redis.sentinelPassword !== undefined) own.sentinelPassword = redis.sentinelPassword;
  if (options.tls !== undefined) {
    own.sentinelTLS = options.tls;
    own.enableTLSForSentinelMode = true;
  }
  return new Redis(own);
}

function createCluster(nodes: { host: string; port?: number | undefined }[], node: OwnRedisOptions): Cluster {
  // Each node's connection queues until it is up: the Cluster connects to a node with the first command for it.
  const redisOptions = { ...node };
  delete redisOptions.enableOfflineQueue;
  delete redisOptions.retryStrategy;
  const options = {
    lazyConnect: true,
    enableOfflineQueue: false,
    clusterRetryStrategy: retryStrategy,
    // A failover is noticed by MOVED and by lost connections; this is for what neither tells.
    slotsRefreshInterval: 5000,
    slotsRefreshTimeout: 1000,
    retryDelayOnTryAgain: 20,
    redisOptions,
  } satisfies ClusterOptions;
  return new Cluster(
    nodes.map(({ host, port = 6379 }) => ({ host, port })),
    options,
  );
}
