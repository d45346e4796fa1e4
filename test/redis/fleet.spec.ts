import { randomUUID } from 'node:crypto';
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { deflateRawSync } from 'node:zlib';

import { RedisCache } from '../../libs/cache-infra/src/cache/redis-cache.js';
import { ChangeLog } from '../../libs/cache-infra/src/fleet/change-log.js';
import { instanceSummary } from '../../libs/cache-infra/src/fleet/instance-summary.js';
import { FleetPublisher, type PublisherOptions } from '../../libs/cache-infra/src/fleet/publisher.js';
import { fleetPrefixes, readFleet } from '../../libs/cache-infra/src/fleet/read-fleet.js';
import type { FleetSummary } from '../../libs/cache-infra/src/fleet/summary.js';
import { startTcpProxy } from '../../libs/cache-infra/src/testing/tcp-proxy.js';
import { root } from '../support/repository.js';
import { cachesOnOwnRedis } from '../support/caches-on-own-redis.js';
import { startCluster } from '../support/redis-cluster.js';
import { ownRedisServer } from '../support/redis.js';
import { until } from '../support/until.js';

const own = cachesOnOwnRedis();
const { closing } = own;

/** Publishes `cache`; it is closed after the test. */
function publishing(cache: RedisCache, options: Partial<PublisherOptions> = {}): FleetPublisher {
  const id = options.id ?? randomUUID();
  const changes = new ChangeLog(cache);
  const publisher = new FleetPublisher(cache, {
    ...{ id, everyMs: 50, named: new Set(['shop']) },
    summary: () => instanceSummary({ id, caches: [{ cache, changes }] }),
    ...options,
  });
  publisher.start();
  return closing(publisher);
}

const ids = ({ instances }: FleetSummary): string[] => instances.map(({ id }) => id).sort();

async function untilShown(cache: RedisCache, shown: readonly string[]): Promise<void> {
  const wanted = [...shown].sort().join(' ');
  await until(
    async () => ids(await readFleet(cache)).join(' ') === wanted,
    `the fleet to be '${wanted}'`,
    10_000,
  );
}

interface Instance {
  readonly child: ChildProcess;
  readonly id: string;
  readonly gone: Promise<unknown>;
}

async function startInstance(everyMs: number): Promise<Instance> {
  const options = { redisUrl: own.server.url, keyPrefix: own.keyPrefix, everyMs };
  const { NODE_OPTIONS: _options, ...env } = process.env;
  const file = join(root, 'test/support/publishing-child.mjs');
  const child = fork(file, [JSON.stringify(options)], { env, execArgv: [] });
  const gone = once(child, 'exit');
  closing({
    close: async () => {
      child.kill('SIGKILL');
      await gone;
    },
  });
  const [message] = await Promise.race([once(child, 'message'), gone]);
  return { child, id: String((message as { id?: string }).id), gone };
}

describe('a fleet', () => {
  it('shows each instance; a closed one leaves at once, a killed one when its summary expires', async () => {
    const reader = await own.redis();
    // Long enough for a closed instance to be missing before its summary expires.
    const [killed, closed] = await Promise.all([startInstance(500), startInstance(20_000)]);
    await untilShown(reader, [killed.id, closed.id]);

    closed.child.send('close');
    await closed.gone;
    expect(ids(await readFleet(reader))).toEqual([killed.id]);

    killed.child.kill('SIGKILL');
    await killed.gone;
    await untilShown(reader, []);
    expect(await own.raw.keys(`${own.keyPrefix}:!f*`)).toEqual([]);
  });

  it('has the sum of its instances', async () => {
    const [one, other] = [await own.redis(), await own.redis()];
    await one.set('a', 1);
    await one.get('a');
    await other.get('a');
    const shown = [publishing(one, { id: 'one' }), publishing(other, { id: 'other' })];
    expect(shown).toHaveLength(2);
    await untilShown(one, ['one', 'other']);

    const { instances, total } = await readFleet(one);
    const hits = instances.map(({ caches }) => caches[0]?.stats.hits ?? NaN);
    expect(total.caches).toHaveLength(1);
    expect(total.caches[0]?.stats.hits).toBe(hits.reduce((sum, each) => sum + each));
    expect(total.caches[0]).toMatchObject({
      kind: 'redis',
      keyPrefix: own.keyPrefix,
      health: { status: 'up' },
    });
  });

  it('goes on after an outage of Redis, and tells of it', async () => {
    const proxy = await startTcpProxy({ to: own.server.url });
    closing({ close: () => proxy.close() });
    const reader = await own.redis();
    const cache = await own.redis({ redis: { host: '127.0.0.1', port: Number(new URL(proxy.url).port) } });
    publishing(cache, { id: 'one' });
    await untilShown(reader, ['one']);

    const recovered = new Promise((resolve) => cache.on('recovered', resolve));
    proxy.cut();
    await until(async () => (await cache.health()).status === 'degraded', 'the outage');
    await untilShown(reader, []);
    proxy.resume();
    await recovered;
    await untilShown(reader, ['one']);

    const [instance] = (await readFleet(reader)).instances;
    const events = instance?.caches[0]?.events.map(({ event }) => event);
    expect(events).toEqual(expect.arrayContaining(['degraded', 'coherenceLost']));
  });

  it('is published as soon as Redis is there, if the instance started without it', async () => {
    const proxy = await startTcpProxy({ to: own.server.url });
    closing({ close: () => proxy.close() });
    proxy.cut();
    const { keyPrefix } = own;
    const cache = own.closing(new RedisCache({ redisUrl: proxy.url, keyPrefix }));
    await expect(cache.connect()).rejects.toThrow('Redis connection failed');
    // The period does not end within this test.
    publishing(cache, { id: 'one', everyMs: 60_000 });
    proxy.resume();
    await untilShown(await own.redis(), ['one']);
  });

  it('is left alone by clear(), keys() and patterns', async () => {
    const cache = await own.redis();
    publishing(cache, { id: 'one', everyMs: 60_000 });
    await untilShown(cache, ['one']);
    const listed: string[] = [];
    for await (const key of cache.keys()) listed.push(key);
    expect(listed).toEqual([]);
    expect(await cache.invalidatePattern('*')).toBe(0);
    await cache.clear();
    expect(ids(await readFleet(cache))).toEqual(['one']);
  });

  it('skips summaries that are damaged, of another version or of another instance', async () => {
    const cache = await own.redis();
    const [other, newer] = [await instanceSummary({ id: 'other', caches: [] }), { version: 2, id: 'newer' }];
    publishing(cache, { id: 'one', everyMs: 60_000 });
    await untilShown(cache, ['one']);
    const space = `${own.keyPrefix}:!f:{fleet}`;
    const put = async (id: string, text: string | Buffer): Promise<void> => {
      await own.raw.zadd(`${space}:index`, Date.now() + 60_000, id);
      await own.raw.set(`${space}:i:${id}`, text);
    };
    const bytes = (value: unknown) =>
      Buffer.concat([Buffer.from('1 '), deflateRawSync(JSON.stringify(value))]);
    await put('damaged', 'nonsense');
    await put('newer', bytes(newer));
    await put('thief', bytes(other));
    await put('large', Buffer.alloc(2_000_000, '1'));
    expect(ids(await readFleet(cache))).toEqual(['one']);
    await put('other', bytes(other));
    expect(ids(await readFleet(cache))).toEqual(['one', 'other']);
  });

  it('publishes no credentials and no values', async () => {
    const server = await ownRedisServer(['--requirepass', 'S3CRET']);
    closing({ close: () => server.stop() });
    const { host, port } = server;
    const redisUrl = `redis://default:S3CRET@${host}:${String(port)}`;
    const cache = closing(new RedisCache({ redisUrl, keyPrefix: own.keyPrefix }));
    await cache.set('user:42', 'a private value');
    await cache.get('user:42');
    publishing(cache, { id: 'one' });
    await untilShown(cache, ['one']);

    const published = JSON.stringify(await readFleet(cache));
    expect(published).toContain('"id":"one"');
    expect(published).not.toMatch(/S3CRET|private value/);
  });

  it('is found by its prefix, also when that has special characters', async () => {
    await own.raw.flushall();
    const cache = await own.redis();
    const odd = await own.redis({ keyPrefix: `${own.keyPrefix}*[x]:y` });
    publishing(cache);
    publishing(odd);
    await until(async () => (await readFleet(odd)).instances.length === 1, 'the second fleet');
    await until(async () => (await readFleet(cache)).instances.length === 1, 'the first fleet');
    const found = await fleetPrefixes(cache, 5000);
    expect(found).toEqual({ prefixes: [own.keyPrefix, `${own.keyPrefix}*[x]%3Ay`], isComplete: true });
    expect((await readFleet(cache, found.prefixes[1])).instances).toHaveLength(1);
  });

  it('tells once that Redis refuses summaries, stays up, and sends no more', async () => {
    const rights = ['on', '>pw', '~*', '&*', '+@all', '-zrevrange'];
    await own.raw.call('ACL', 'SETUSER', 'silent', ...rights);
    const cache = await own.redis({
      redis: {
        host: '127.0.0.1',
        port: Number(new URL(own.server.url).port),
        username: 'silent',
        password: 'pw',
      },
    });
    const told: string[] = [];
    publishing(cache, { refused: (message) => told.push(message), everyMs: 5 });
    await until(() => told.length > 0, 'the refusal');
    expect(told[0]).toMatch(/can't run this command|no permissions/);
    expect((await cache.health()).status).toBe('up');
    const { length } = told;
    await until(async () => {
      await cache.set('a', 1);
      return true;
    });
    expect(told).toHaveLength(length);
    await own.raw.call('ACL', 'DELUSER', 'silent');
  });
});

describe('a fleet on a Cluster', () => {
  it('is published, read, found and withdrawn', async () => {
    await using cluster = await startCluster();
    await using cache = new RedisCache({ redis: { nodes: cluster.nodes }, keyPrefix: 'fleet' });
    await cache.connect();
    const publisher = publishing(cache, { id: 'one' });
    await until(async () => (await readFleet(cache)).instances.length === 1, 'the instance');
    expect(await fleetPrefixes(cache, 5000)).toEqual({ prefixes: ['fleet'], isComplete: true });
    await publisher.close();
    expect((await readFleet(cache)).instances).toEqual([]);
  }, 60_000);
});
