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
  /** Its key, PEM. */
  key?: string | Buffer | undefined;
  passphrase?: string | undefined;
  /** Name that the server's certificate has to carry. Default: the host. */
  servername?: string | undefined;
  /** False accepts any certificate: encrypted, but to anybody. Default true. */
  rejectUnauthorized?: boolean | undefined;
}

/** How Redis is reached, when a URL does not say enough. One of `url`, `host`, `path`, `sentinels` and `nodes` says where. */
export interface RedisServerOptions {
  /** Same as `redisUrl`: `redis://`, `rediss://` or `unix://`. */
  url?: string | undefined;
  host?: string | undefined;
  port?: number | undefined;
  /** Unix socket. */
  path?: string | undefined;
  /** Sentinels to ask where the master is. */
  sentinels?: RedisNode[] | undefined;
  /** Name of the master that the Sentinels watch. Default `'mymaster'`. */
  sentinelName?: string | undefined;
  sentinelUsername?: string | undefined;
  sentinelPassword?: string | undefined;
  /** Some nodes of a Redis Cluster; the others are found through them. */
  nodes?: RedisNode[] | undefined;
  /** ACL user. */
  username?: string | undefined;
  password?: string | undefined;
  /** Database number. A Cluster has only 0. */
  db?: number | undefined;
  tls?: boolean | RedisTlsOptions | undefined;
}

/** What speaks to Redis. */
export type RedisClient = Redis | Cluster;

/** Connection details, or an ioredis client of your own. */
export type RedisConnectionOptions = RedisServerOptions | RedisClient;
