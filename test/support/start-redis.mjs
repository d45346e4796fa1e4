import '../../scripts/lib/typescript.mjs';

/** One Redis for all test files of this run. `scripts/test.mjs` brings one for several runs. */
export default async function startRedis() {
  if (process.env.TEST_REDIS_URL) return;
  const { startRedisServer } = await import('../../libs/cache-infra/src/testing/redis-server.ts');
  const server = await startRedisServer({ installIfMissing: true });
  globalThis.sharedTestRedis = server;
  process.env.TEST_REDIS_URL = server.url;
}
