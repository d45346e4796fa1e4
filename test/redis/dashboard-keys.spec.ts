import { describe, expect, it } from '@jest/globals';

import { InMemoryCache } from '../../libs/cache-infra/src/cache/in-memory-cache.js';
import type { TieredCache } from '../../libs/cache-infra/src/cache/tiered-cache.js';
import { invalidate, preview } from '../../libs/cache-infra/src/dashboard/application/cache-actions.js';
import { keyState } from '../../libs/cache-infra/src/dashboard/application/key-state.js';
import type { KeyState } from '../../libs/cache-infra/src/dashboard/state.js';
import { ManualClock } from '../../libs/cache-infra/src/base/manual-clock.js';
import { cachesOnOwnRedis } from '../support/caches-on-own-redis.js';
import { until } from '../support/until.js';

const own = cachesOnOwnRedis();

function look(
  cache: TieredCache,
  key: string,
  withValue = false,
  ...namespaces: string[]
): Promise<KeyState> {
  return keyState(cache, { cache: cache.name, namespaces, key, withValue });
}

describe('a key in the dashboard', () => {
  it('tells ttl, tags, size and format of the entry in Redis, and what the L1 has', async () => {
    const cache = await own.redis();
    await cache.set('a', { name: 'Anna' }, { ttl: '5m', tags: ['users'] });

    const state = await look(cache, 'a');

    expect(state.l1).toEqual({ held: true, fresh: true, ttlSeconds: 300 });
    expect(state.l2).toMatchObject({
      ...{ kind: 'entry', state: 'fresh', tags: ['users'], ttlSeconds: 300, graceSeconds: null },
      ...{
        format: expect.stringMatching(/^binary \d/),
        version: expect.stringMatching(/^[\da-f]+-[\da-f]{8}$/),
      },
    });
    expect(state.value).toBeNull();
  });

  it('changes nothing: neither counters nor the L1, whether the entry is there or not', async () => {
    const [writer, cache] = [await own.redis(), await own.redis()];
    await writer.set('a', 1, { tags: ['t'] });
    const before = cache.stats();

    const there = await look(cache, 'a');
    const absent = await look(cache, 'b');

    expect(there.l1).toEqual({ held: false, fresh: false, ttlSeconds: null });
    expect(there.l2).toMatchObject({ kind: 'entry', state: 'fresh' });
    expect(absent.l2).toEqual({ kind: 'absent' });
    expect(cache.stats()).toEqual(before);
  });

  it.each<[string, boolean, string]>([
    ['an invalidated tag', false, 'invalidated'],
    ['an expired tag', true, 'stale'],
  ])('tells of %s', async (_, isExpired, state) => {
    const [cache, other] = [await own.redis(), await own.redis()];
    await cache.set('a', 1, { ttl: 60, grace: 60, tags: ['t'] });
    await (isExpired ? other.expireTags('t') : other.invalidateTags('t'));

    expect((await look(other, 'a')).l2).toMatchObject({ state });
    await until(async () => (await look(cache, 'a')).l1?.fresh === false, 'the L1 to hear of the tag');
  });

  it('tells of bytes that are no entry, and leaves them', async () => {
    const cache = await own.redis();
    await own.raw.set(`${own.keyPrefix}::a`, 'foreign');

    expect((await look(cache, 'a')).l2).toMatchObject({ kind: 'unreadable', bytes: 7 });
    expect(await own.raw.get(`${own.keyPrefix}::a`)).toBe('foreign');
  });

  it('shows a value only when asked, and cut', async () => {
    const cache = await own.redis({ encryption: { keys: [{ id: 'k', key: Buffer.alloc(32, 1) }] } });
    await cache.set('a', { text: 'x'.repeat(30_000) });

    expect(JSON.stringify(await look(cache, 'a'))).not.toContain('xxx');
    const shown = await look(cache, 'a', true);
    expect(shown.l2).toMatchObject({ format: expect.stringContaining('encrypted') });
    expect(shown.value?.startsWith("{\n  text: 'xxx")).toBe(true);
    expect(shown.value?.length).toBeLessThanOrEqual(10_001);

    const memory = own.closing(new InMemoryCache());
    await memory.set('a', new Map([['b', 1n]]));
    expect((await look(memory, 'a', true)).value).toBe("Map(1) { 'b' => 1n }");
  });

  it('is looked up in its namespace', async () => {
    const cache = await own.redis();
    await cache.namespace('users').namespace('eu').set('a', 1);
    expect((await look(cache, 'a', true, 'users', 'eu')).value).toBe('1');
    expect((await look(cache, 'a')).l2).toEqual({ kind: 'absent' });
  });

  it('of a cache in memory has no Redis, and no L1 ttl once it is over', async () => {
    const clock = new ManualClock();
    const cache = own.closing(new InMemoryCache({ advanced: { clock } }));
    await cache.set('forever', 1, 0);
    await cache.set('a', 1, { ttl: 10, grace: 60 });
    expect(await look(cache, 'forever')).toMatchObject({ l1: { fresh: true, ttlSeconds: null }, l2: null });
    clock.advance('20s');
    expect((await look(cache, 'a')).l1).toEqual({ held: true, fresh: false, ttlSeconds: null });
  });
});

describe('an invalidation by the dashboard', () => {
  it('previews what it removes, in both tiers and of every kind', async () => {
    const cache = await own.redis();
    const common = { cache: cache.name };
    await cache.setMany(
      [1, 2, 3].map((n) => [`user:${String(n)}`, n]),
      { tags: ['users'] },
    );
    await cache.set('other', 1);
    await cache.namespace('eu').set('user:9', 1);
    const before = cache.stats();

    const group = await preview(cache, { kind: 'group', ...common, group: 'user:*' });
    expect({ ...group, examples: [...group.examples].sort() }).toEqual({
      ...{ count: 3, isComplete: true, examples: ['user:1', 'user:2', 'user:3'] },
    });
    expect(await preview(cache, { kind: 'pattern', ...common, pattern: 'user:?' })).toMatchObject({
      count: 3,
    });
    expect(await preview(cache, { kind: 'key', ...common, key: 'other' })).toMatchObject({ count: 1 });
    expect(await preview(cache, { kind: 'key', ...common, key: 'none' })).toMatchObject({ count: 0 });
    expect(await preview(cache, { kind: 'tag', ...common, tag: 'users' })).toMatchObject({ count: null });
    const inner = { kind: 'pattern', ...common, namespaces: ['eu'], pattern: '*' } as const;
    expect(await preview(cache, inner)).toMatchObject({ count: 1, examples: ['user:9'] });
    expect(cache.stats()).toEqual(before);

    expect(await invalidate(cache, { kind: 'group', ...common, group: 'user:*' })).toEqual({ removed: 3 });
    expect(await invalidate(cache, { kind: 'key', ...common, key: 'other' })).toEqual({ removed: 1 });
    expect(await invalidate(cache, inner)).toEqual({ removed: 1 });
    expect(await preview(cache, { kind: 'pattern', ...common, pattern: '*' })).toMatchObject({ count: 0 });
  });

  it('reaches the other instances', async () => {
    const [cache, other] = [await own.redis(), await own.redis()];
    await cache.setMany(
      [
        ['user:1', 1],
        ['b', 1],
      ],
      { tags: ['t'] },
    );
    expect([...(await other.getMany(['user:1', 'b'])).keys()]).toEqual(['user:1', 'b']);

    await invalidate(cache, { kind: 'key', cache: 'c', key: 'user:1' });
    await until(async () => (await other.get('user:1')) === undefined, 'the key to go');
    expect(await invalidate(cache, { kind: 'tag', cache: 'c', tag: 't' })).toEqual({ removed: null });
    await until(async () => (await other.get('b')) === undefined, 'the tag to go');
  });

  it('says when its preview has stopped early', async () => {
    const cache = own.closing(new InMemoryCache({ maxSize: 20_000 }));
    await cache.setMany(Array.from({ length: 12_000 }, (_, n) => [`k:${String(n)}`, n] as const));
    const found = await preview(cache, { kind: 'pattern', cache: cache.name, pattern: 'k:*' });

    expect(found.isComplete).toBe(false);
    expect(found.count).toBeGreaterThanOrEqual(10_000);
    expect(found.examples).toHaveLength(10);
  });
});
