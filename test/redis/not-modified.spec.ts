import type { LoadContext } from '../../libs/cache-infra/src/cache/contract/options.js';
import { cachesOnOwnRedis } from '../support/caches-on-own-redis.js';
import { briefly, setStale } from '../support/loads.js';
import { until } from '../support/until.js';

const own = cachesOnOwnRedis();
const { redis } = own;

const renew = ({ notModified }: LoadContext): unknown => notModified();
const value = { at: new Date(5), list: [1, 2] };

describe.each([true, false])('notModified with Redis (L1: %p)', (enableL1Cache) => {
  it.each([false, true])('renews the entry for every instance (lock: %p)', async (lock) => {
    const [one, other] = [await redis({ enableL1Cache }), await redis()];
    await setStale(one, value, { tags: ['tag'] });
    const renewed = await one.getOrSet('key', renew, { ttl: 600, grace: 60, lock });
    expect(renewed).toEqual(value);
    expect([await one.get('key'), await other.get('key')]).toEqual([value, value]);
    expect(await other.ttl('key')).toBe(600);
    await other.invalidateTags('tag');
    await until(async () => (await one.get('key')) === undefined, 'the invalidation of a tag that it kept');
  });

  it('an invalidation during the load wins', async () => {
    const [one, other] = [await redis({ enableL1Cache }), await redis()];
    await setStale(one, value);
    await one.getOrSet(
      'key',
      async (ctx) => {
        await other.delete('key');
        return ctx.notModified();
      },
      briefly,
    );
    expect([await one.get('key'), await other.get('key')]).toEqual([undefined, undefined]);
  });
});
