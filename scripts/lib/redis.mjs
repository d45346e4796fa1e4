/**
 * A Redis for the tests of a whole run: REDIS_URL, a server program, Docker, or apt-get as root.
 *
 * @throws Error that names these ways when none works
 */
export async function acquireRedis() {
  // What these import is there only after the installation.
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

/** Tests find the shared Redis under a name that the library does not read. */
export function environmentWith(redis, env = process.env) {
  if (redis === undefined) return env;
  const { REDIS_URL: _url, ...rest } = env;
  return { ...rest, TEST_REDIS_URL: redis.url };
}
