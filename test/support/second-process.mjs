// Another process with a cache of its own over the same Redis: reads the sample values that its parent stored, and
// stores them again under other keys. Prints the values that differ, as JSON.
import '../../scripts/lib/typescript.mjs';

const [redisUrl, keyPrefix] = process.argv.slice(2);
const { RedisCache } = await import('../../libs/cache-infra/src/cache/redis-cache.ts');
const { isSame, storableValues } = await import('./sample-values.ts');

const cache = new RedisCache({ redisUrl, keyPrefix, onError: 'throw', commandTimeout: '10s' });
const different = [];
for (const [name, value] of storableValues()) {
  if (!isSame(await cache.get(`parent:${name}`), value)) different.push(name);
  await cache.set(`child:${name}`, value);
}
await cache.close();
process.stdout.write(JSON.stringify(different));
