/**
 * Provides the Redis of a test run: REDIS_URL, a server program, Docker, or apt-get as root.
 *
 * @throws Error that lists these ways when all fail
 */
export async function acquireRedis() {
  // Import on demand: the packages exist only after the installation.
  await import('./typescript.mjs');
  const { startRedisServer } = await import('../../libs/cache-infra/src/testing/redis-server.ts');
  const redis = await startRedisServer({ installIfMissing: true });
  console.log(`Redis for the tests: ${describe[redis.how]} at ${redis.host}:${redis.port}`);
  return redis;
}

const describe = {
  url: 'the one under REDIS_URL',
  binary: 'a server of this run',
  docker: 'a container of this run',
};

/** Passes the shared Redis to the tests in a variable that the library does not read. */
export function environmentWith(redis, env = process.env) {
  if (redis === undefined) return env;
  const { REDIS_URL: _url, ...rest } = env;
  return { ...rest, TEST_REDIS_URL: redis.url };
}
