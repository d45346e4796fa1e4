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

/** A client of ioredis. */
export type RedisClient = Redis | Cluster;

/** A client of ioredis 5 or iovalkey: another class, with the same commands. */
export interface CompatibleClient {
  readonly status: string;
  readonly isCluster: boolean;
  call(command: string, ...args: string[]): Promise<unknown>;
  defineCommand(name: string, definition: { lua: string; numberOfKeys?: number }): void;
  duplicate(): unknown;
}

/** Connection details, or your own client: of ioredis 5 or 6, or of iovalkey. */
export type RedisConnectionOptions = RedisServerOptions | RedisClient | CompatibleClient;
