import type { Redis } from 'ioredis';

/** How Redis is reached, when a URL does not say enough. */
export interface RedisServerOptions {
  /** Same as `redisUrl`. */
  url?: string | undefined;
  host?: string | undefined;
  port?: number | undefined;
  username?: string | undefined;
  password?: string | undefined;
  /** Database number. */
  db?: number | undefined;
}

/** Connection details, or an ioredis client of your own. */
export type RedisConnectionOptions = RedisServerOptions | Redis;
