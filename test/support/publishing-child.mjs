// An instance in a process of its own, which publishes itself until it is ended.
import { randomUUID } from 'node:crypto';

import '../../scripts/lib/typescript.mjs';

const { RedisCache } = await import('../../libs/cache-infra/src/cache/redis-cache.ts');
const { instanceSummary } = await import('../../libs/cache-infra/src/fleet/instance-summary.ts');
const { FleetPublisher } = await import('../../libs/cache-infra/src/fleet/publisher.ts');

const { everyMs, ...options } = JSON.parse(process.argv[2]);
const cache = new RedisCache(options);
const id = randomUUID();
const publisher = new FleetPublisher(cache, {
  ...{ id, everyMs, keys: true },
  summary: () => instanceSummary({ id, caches: [{ cache }] }),
});
process.on('message', async () => {
  await publisher.close();
  await cache.close();
  process.disconnect();
});
publisher.start();
process.send({ id });
