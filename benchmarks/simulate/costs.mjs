import { Redis } from 'ioredis';

import { RedisCache } from 'nestjs-cache-infra';
import { number } from './real-run.mjs';

const listeners = 32;

/**
 * Measures the cost of operations on one Redis, in CPU seconds of its main thread, which a busy machine does not
 * affect. The library sends the commands, each in its own write to the connection, as for separate requests.
 */
export async function measureCosts(server, { repetitions }) {
  const redis = new Redis(server.url);
  await redis.flushall();
  try {
    const cache = new RedisCache({ redisUrl: server.url, enableL1Cache: false, commandTimeout: '10s' });
    const tracking = new RedisCache({ redisUrl: server.url, keyPrefix: 'tracked', commandTimeout: '10s' });
    const value = { payload: 'x'.repeat(900) };
    await cache.set('hit', value);
    await tracking.set('hit', value);
    const cpuOf = async (work) => {
      const before = await cpuSeconds(redis);
      for (let i = 0; i < repetitions; i++) await work(i);
      return ((await cpuSeconds(redis)) - before) / repetitions;
    };
    const costs = {
      read: await cpuOf(() => cache.get('hit')),
      load: await cpuOf((i) => cache.getOrSet(`cold:${i}`, () => value)),
      writeBySet: await cpuOf(() => cache.set('hit', value)),
      publish: await cpuOf(() => redis.publish('nobody', 'x'.repeat(40))),
      writeByScript: await cpuOf(() => tracking.set('hit', value)),
    };
    const tags = await tagCosts(server, redis, cpuOf, repetitions);
    const messages = {};
    for (const mode of ['tracking', 'broadcast', 'pubsub'])
      messages[mode] = await messageCost(server, redis, mode, repetitions / 10);
    await cache.close();
    await tracking.close();
    return { costs, tags, messages, trackedPairBytes: await trackedPairBytes(server, redis) };
  } finally {
    redis.disconnect();
  }
}

/**
 * Measures the cost of tags on one Redis, in CPU seconds of its main thread: an invalidation without listeners, a query
 * without news, the notification of one listener (its message, and the invalidation of the table's key), and the first
 * queries of a new instance to a full table, with their number.
 */
async function tagCosts(server, redis, cpuOf, repetitions) {
  const options = { redisUrl: server.url, keyPrefix: 'tagged', commandTimeout: '10s' };
  const cache = new RedisCache({ ...options, enableL1Cache: false });
  const connections = [];
  const callsOf = async (name) =>
    Number(new RegExp(`cmdstat_${name}:calls=(\\d+)`).exec(await redis.info('commandstats'))?.[1] ?? 0);
  try {
    await cache.set('hit', 1, { tags: ['tag'] });
    await cache.set('plain', 1);
    const invalidation = await cpuOf((i) => cache.invalidateTags(`group:${i % 1000}`));
    // Without a channel, every read of tagged keys queries the tag table.
    const asking = new RedisCache({ ...options, enableL1Cache: false, coherence: 'none' });
    const plain = await cpuOf(() => asking.get('plain'));
    const question = (await cpuOf(() => asking.get('hit'))) - plain;
    await asking.close();
    for (let i = 0; i < listeners; i++) {
      const subscriber = new Redis(server.url, { protocol: 2, replyMapping: 'legacy' });
      connections.push(subscriber);
      const id = await subscriber.client('ID');
      await subscriber.call(
        'CLIENT',
        'TRACKING',
        'ON',
        'REDIRECT',
        String(id),
        'BCAST',
        'PREFIX',
        'tagged:!tags',
      );
      await subscriber.subscribe('__redis__:invalidate', 'tagged:!tags@0');
    }
    const heard = await cpuOf((i) => cache.invalidateTags(`group:${i % 1000}`));
    for (const connection of connections.splice(0)) connection.disconnect();
    for (let i = 0; i < 100; i++)
      await cache.invalidateTags(...Array.from({ length: 100 }, (_, j) => `number:${i * 100 + j}`));
    // The table has evicted its oldest tags, which invalidates all older tagged entries.
    await cache.set('hit', 1, { tags: ['tag'] });
    const starts = Math.max(5, Math.round(repetitions / 200));
    let [scripts, cpu] = [0, 0];
    for (let i = 0; i < starts; i++) {
      const fresh = new RedisCache({ ...options, enableL1Cache: false });
      await fresh.get('plain');
      const before = [await callsOf('zrevrange'), await cpuSeconds(redis)];
      await fresh.get('hit');
      cpu += (await cpuSeconds(redis)) - before[1];
      scripts += (await callsOf('zrevrange')) - before[0];
      await fresh.close();
    }
    return {
      invalidation,
      question,
      message: Math.max(0, (heard - invalidation) / listeners),
      fullTable: cpu / starts,
      fullTableScripts: scripts / starts,
    };
  } finally {
    for (const connection of connections) connection.disconnect();
    await cache.close();
  }
}

/** Seconds to notify one listener of one change: changes with 32 listeners minus the same changes without listeners. */
async function messageCost(server, redis, mode, changes) {
  const connections = [];
  const open = async (options = {}) => {
    const connection = new Redis(server.url, options);
    connection.on('error', () => undefined);
    connections.push(connection);
    await connection.ping();
    return connection;
  };
  try {
    const readers = [];
    for (let i = 0; i < listeners; i++) {
      const subscriber = await open({ protocol: 2, replyMapping: 'legacy' });
      const id = await subscriber.client('ID');
      await subscriber.subscribe(mode === 'pubsub' ? 'changes' : '__redis__:invalidate');
      if (mode === 'pubsub') continue;
      const reader = await open();
      const scope = mode === 'broadcast' ? ['BCAST', 'PREFIX', 'told:'] : [];
      await reader.call('CLIENT', 'TRACKING', 'ON', 'REDIRECT', String(id), ...scope);
      readers.push(reader);
    }
    const change = async (key) => {
      if (mode === 'pubsub') await redis.publish(key.startsWith('told') ? 'changes' : 'nobody', key);
      else await redis.set(key, 'value');
    };
    const cost = async (prefix) => {
      let cpu = 0;
      for (let i = 0; i < changes; i++) {
        if (mode === 'tracking') await Promise.all(readers.map((reader) => reader.get(`told:${i % 10}`)));
        const before = await cpuSeconds(redis);
        await change(`${prefix}:${i % 10}`);
        cpu += (await cpuSeconds(redis)) - before;
      }
      return cpu / changes;
    };
    const heard = await cost('told');
    const unheard = await cost('other');
    return Math.max(0, (heard - unheard) / listeners);
  } finally {
    for (const connection of connections) connection.disconnect();
  }
}

/** Bytes of Redis for tracking one key of one client. */
async function trackedPairBytes(server, redis) {
  const keys = 5000;
  const clients = 16;
  await redis.flushall();
  const connections = [];
  try {
    for (let i = 0; i < clients; i++) {
      const connection = new Redis(server.url);
      connections.push(connection);
      await connection.ping();
    }
    const before = number(await redis.info('memory'), 'used_memory');
    for (const connection of connections) {
      await connection.call('CLIENT', 'TRACKING', 'ON');
      for (let from = 0; from < keys; from += 500)
        await connection.mget(Array.from({ length: 500 }, (_, i) => `tracked:item:${from + i}`));
    }
    const after = number(await redis.info('memory'), 'used_memory');
    return (after - before) / (keys * clients);
  } finally {
    for (const connection of connections) connection.disconnect();
  }
}

async function cpuSeconds(redis) {
  const info = await redis.info('cpu');
  return number(info, 'used_cpu_user_main_thread') + number(info, 'used_cpu_sys_main_thread');
}
