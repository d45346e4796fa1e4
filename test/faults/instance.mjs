// An instance of an application in a process of its own, with the built library. Its parent says what it does.
import '../../scripts/lib/typescript.mjs';

import { RedisCache } from 'nestjs-cache-infra';

const { InstanceHost } = await import('./host.ts');
const host = new InstanceHost(process.argv[2], (options) => new RedisCache(options), true);

process.on('message', async ({ id, method, args }) => {
  try {
    process.send({ id, result: await host[method](...args) });
  } catch (error) {
    process.send({ id, error: String(error) });
  }
});
process.on('disconnect', () => process.exit());
process.send({ id: 0 });
