/** The options of a cache on the server of `--redis`, over those of a configuration. */
export function serverOf(redisUrl: string): {
  readonly redisUrl: string;
  readonly redis: undefined;
  readonly useMemoryCache: undefined;
} {
  return { redisUrl, redis: undefined, useMemoryCache: undefined };
}
