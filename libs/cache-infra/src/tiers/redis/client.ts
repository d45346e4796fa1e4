import { Cluster, Redis, type ClusterOptions, type RedisOptions } from 'ioredis';
import { redactUrl } from '../../base/redact.js';
import { errorKindOf } from './errors.js';
import type { RedisClient, RedisClientInstance, RedisServerOptions } from './options.js';

type IoredisOptions = RedisOptions & { replyMapping?: 'legacy' };

/** Milliseconds between two reconnections because of a read-only server. They grow while reconnecting does not help. */
const readOnlyPauseMs = { first: 1000, most: 10_000 };

/** A user's client, which speaks as those of the ioredis that this library brings do. */
export function asClient(redis: RedisClientInstance): RedisClient {
  return redis as RedisClient;
}

export function isCluster(client: RedisClient): client is Cluster {
  return client.isCluster;
}

/**
 * Creates a client for the server that `redis` names. The client is not connected yet. `onReadOnly`: the server refuses
 * writes, so that a new connection may reach a writable server. A Cluster reconnects by itself.
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
    // Calls wait while a working connection is replaced: reconnect at once.
    retryStrategy: (times: number) => {
      const isFirst = isRenewal && times === 1;
      isRenewal = false;
      return isFirst ? 0 : retryStrategy(times);
    },
  };
  if (redis.nodes !== undefined) return createCluster(redis.nodes, options);
  return readyWithoutInfo(createRedis(redis, options, connectTimeoutMs));
}

function createRedis(redis: RedisServerOptions, options: IoredisOptions, connectTimeoutMs: number): Redis {
  if (redis.sentinels !== undefined)
    return createBehindSentinels(redis, redis.sentinels, options, connectTimeoutMs);
  if (redis.url !== undefined) return createFromUrl(redis.url, options);
  if (redis.path !== undefined) return new Redis({ ...options, path: redis.path });
  return new Redis({ ...options, host: redis.host ?? 'localhost', port: redis.port ?? 6379 });
}

/** An integer reply. A client with `stringNumbers` returns text: https://github.com/redis/ioredis#handle-big-numbers */
export function integerOf(reply: unknown): number {
  return Number(reply);
}

type InfoCallback = (error?: Error | null, info?: string) => void;

/**
 * ioredis considers a connection ready when INFO says that the server has loaded its data, and drops the connection
 * when INFO is refused. With this client, a server or proxy that refuses INFO is ready after the handshake. A server
 * that answers LOADING is still waited for.
 */
function readyWithoutInfo(client: Redis): Redis {
  const info = client.info.bind(client) as (...args: unknown[]) => Promise<string>;
  const forgiving = (...args: unknown[]): Promise<string> => {
    const [callback] = args;
    if (typeof callback !== 'function') return info(...args);
    return info((error?: Error | null, text?: string) => {
      const done = callback as InfoCallback;
      if (error && isUnavailable(error)) done(null, '');
      else done(error, text);
    });
  };
  return Object.assign(client, { info: forgiving });
}

/** True when the server does not know the command, or this user may not run it. */
function isUnavailable(error: Error): boolean {
  const kind = errorKindOf(error);
  return error.name === 'ReplyError' && (kind === 'permission' || kind === 'unsupported' || kind === 'other');
}

/** The prefix that the client puts before every key of a command. */
export function clientPrefixOf(client: RedisClient): string {
  return client.options.keyPrefix ?? '';
}

/** The database number that the client was created for. */
export function databaseOf(client: RedisClient): number {
  return isCluster(client) ? 0 : (client.options.db ?? 0);
}

/** The server's address for messages, without credentials. */
export function addressOf(client: RedisClient): string {
  if (isCluster(client)) return 'cluster';
  const { options } = client;
  if ('path' in options && options.path) return redactedAddress(options.path);
  if (options.sentinels && options.sentinels.length > 0) return `sentinels of ${options.name ?? 'mymaster'}`;
  const { host = 'localhost', port = 6379 } = options as { host?: string; port?: number };
  return redactedAddress(`${host}:${String(port)}`);
}

/** True if the client speaks TLS. */
export function hasTls(client: RedisClient): boolean {
  const { tls } = isCluster(client) ? (client.options.redisOptions ?? {}) : client.options;
  return tls !== undefined && tls !== null;
}

/** Host and port of the server; undefined for a socket file, a Cluster and Sentinel. */
export function peerOf(client: RedisClient): { address: string; port: number } | undefined {
  const [, address, port] = /^([^@?#/\s]+):(\d+)$/.exec(isCluster(client) ? '' : addressOf(client)) ?? [];
  return address === undefined ? undefined : { address, port: Number(port) };
}

/** The host or path of a user's client is unchecked: it may be a URL with credentials. */
function redactedAddress(address: string): string {
  return /[@?#]|:\/\//.test(address) ? redactUrl(address) : address;
}

function commonOptions(connectTimeoutMs: number): IoredisOptions {
  return {
    lazyConnect: true,
    connectTimeout: connectTimeoutMs,
    connectionName: 'nestjs-cache-infra',
    // When ioredis closes a lost or hung connection, it keeps a timer, and the process alive, for 2 s by default.
    disconnectTimeout: 20,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
  };
}

/**
 * Milliseconds until the next attempt: about 50, doubling up to about 2000. The random part keeps instances from
 * reconnecting in step.
 */
function retryStrategy(times: number): number {
  return Math.min(2 ** times * 25, 2000) * (0.75 + Math.random() / 2);
}

/**
 * Reconnects when the server answers READONLY: it was a master and became a replica, and its name or the Sentinels may
 * lead to the new master. The command is not sent again: the journal replays the change.
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
  // Only a connection with a listener reacts.
}

function accessOptions({ username, password, db, tls }: RedisServerOptions): IoredisOptions {
  const options: IoredisOptions = {};
  if (username !== undefined) options.username = username;
  if (password !== undefined) options.password = password;
  if (db !== undefined) options.db = db;
  if (tls !== undefined && tls !== false) {
    const given = tls === true ? {} : tls;
    options.tls = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  }
  return options;
}

function createFromUrl(url: string, options: IoredisOptions): Redis {
  if (url.startsWith('unix://')) return new Redis(unixOptions(url, options));
  // ioredis parses the URL with `new URL`, which refuses a port above 65535 with an error that shows the password.
  // Passed as an option, such a port fails like any unreachable port.
  const [, start = '', port, end = ''] = /^(\w+:\/\/[^/?#]*):(\d+)((?:[/?#].*)?)$/.exec(url) ?? [];
  if (Number(port ?? 0) <= 65_535) return new Redis(url, options);
  return new Redis(start + end, { ...options, port: Number(port) });
}

/** `unix://[user:password@]/path/to/socket[?db=1]` */
function unixOptions(url: string, options: IoredisOptions): IoredisOptions {
  const [, access = '', path = '', query = ''] = /^unix:\/\/(?:([^@/]*)@)?([^?]*)\??(.*)$/.exec(url) ?? [];
  const merged: IoredisOptions = { ...options, path: decodeURIComponent(path) };
  const [username = '', password = ''] = access.split(':').map(decodeURIComponent);
  if (username !== '') merged.username = username;
  if (password !== '') merged.password = password;
  const db = new URLSearchParams(query).get('db');
  if (db !== null) merged.db = Number(db);
  return merged;
}

function createBehindSentinels(
  redis: RedisServerOptions,
  sentinels: { host: string; port?: number | undefined }[],
  options: IoredisOptions,
  connectTimeoutMs: number,
): Redis {
  const merged: IoredisOptions = {
    ...options,
    sentinels: sentinels.map(({ host, port = 26_379 }) => ({ host, port })),
    name: redis.sentinelName ?? 'mymaster',
    role: 'master',
    sentinelRetryStrategy: retryStrategy,
    // A Sentinel that accepts connections and never answers must not block the other Sentinels.
    sentinelCommandTimeout: connectTimeoutMs,
  };
  if (redis.sentinelUsername !== undefined) merged.sentinelUsername = redis.sentinelUsername;
  if (redis.sentinelPassword !== undefined) merged.sentinelPassword = redis.sentinelPassword;
  if (options.tls !== undefined) {
    merged.sentinelTLS = options.tls;
    merged.enableTLSForSentinelMode = true;
  }
  return new Redis(merged);
}

function createCluster(nodes: { host: string; port?: number | undefined }[], node: IoredisOptions): Cluster {
  // The Cluster connects to a node with the first command for it: the connection to the node queues commands until it
  // is ready.
  const redisOptions = { ...node };
  delete redisOptions.enableOfflineQueue;
  delete redisOptions.retryStrategy;
  const options = {
    lazyConnect: true,
    enableOfflineQueue: false,
    clusterRetryStrategy: retryStrategy,
    // MOVED replies and lost connections reveal a failover. The refresh covers changes that neither reveals.
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
