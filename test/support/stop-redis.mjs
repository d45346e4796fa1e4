export default async function stopRedis() {
  const server = globalThis.sharedTestRedis;
  if (server === undefined) return;
  delete process.env.TEST_REDIS_URL;
  await server.stop();
}
