import type { Cluster, Redis } from 'ioredis';

/** A Redis, Sentinel or Cluster node. */
export interface RedisNode {
  host: string;
  /** Default 6379; 26379 for a Sentinel. */
  port?: number | undefined;
}

/** TLS details, as Node's `tls.connect` takes them; `true` = TLS with the system's authorities. */
export interface RedisTlsOptions {
  /** Authorities to trust, PEM. */
  ca?: string | Buffer | (string | Buffer)[] | undefined;
  /** Client certificate, PEM. */
  cert?: string | Buffer | undefined;
  /** Key of the client certificate, PEM. */
  key?: string | Buffer | undefined;
  /** Passphrase of `key`. */
  passphrase?: string | undefined;
  /** Name that the server's certificate must carry. Default: the host. */
  servername?: string | undefined;
  /** False accepts any certificate: the connection is encrypted, but the server is not authenticated. Default true. */
  rejectUnauthorized?: boolean | undefined;
}

/** Connection details, for more than a URL can express. Give one of `url`, `host`, `path`, `sentinels` and `nodes`. */
export interface RedisServerOptions {
  /** Same as `redisUrl`: `redis://`, `rediss://` or `unix://`. */
  url?: string | undefined;
  /** Default `'localhost'`. */
  host?: string | undefined;
  /** Default 6379. */
  port?: number | undefined;
  /** Path of a Unix socket. */
  path?: string | undefined;
  /** Sentinels that know the address of the master. */
  sentinels?: RedisNode[] | undefined;
  /** Name of the master that the Sentinels watch. Default `'mymaster'`. */
  sentinelName?: string | undefined;
  sentinelUsername?: string | undefined;
  sentinelPassword?: string | undefined;
  /** Some nodes of a Redis Cluster. The client discovers the others. */
  nodes?: RedisNode[] | undefined;
  /** ACL user. */
  username?: string | undefined;
  password?: string | undefined;
  /** Database number. A Cluster has only 0. */
  db?: number | undefined;
  tls?: boolean | RedisTlsOptions | undefined;
}

/** A client as this library works with it. */
export type RedisClient = Redis | Cluster;

/**
 * A client of the application's own: `Redis` or `Cluster` of ioredis 5 or 6, or of iovalkey. Only what tells a client
 * from connection details is named, because classes of two versions of ioredis are two types.
 */
export interface RedisClientInstance {
  readonly status: string;
  readonly isCluster: boolean;
  duplicate(...args: never[]): unknown;
}

/** Connection details, or a client of your own. */
export type RedisConnectionOptions = RedisServerOptions | RedisClientInstance;

/** Whether a client was given. It is not looked into any further. */
export function isClient(redis: object): redis is RedisClientInstance {
  return 'status' in redis && 'duplicate' in redis;
}
