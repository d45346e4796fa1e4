import { fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import { Redis } from 'ioredis';

const entry = fileURLToPath(new URL('instance.mjs', import.meta.url));

/**
 * Runs real processes with real caches on one real Redis; returns the counters of both per second.
 *
 * @param plan the plan of `simulate` with `coherence`, and with `tags` if each entry has one of `groups` tags
 */
export async function realRun(server, plan) {
  const redis = new Redis(server.url);
  await redis.flushall();
  const children = Array.from({ length: plan.instances }, (_, i) => {
    const own = {
      ...plan,
      url: server.url,
      seed: 100 + i,
      requestsPerSecond: plan.requestsPerSecond / plan.instances,
      tags: plan.tags && {
        ...plan.tags,
        invalidationsPerSecond: plan.tags.invalidationsPerSecond / plan.instances,
      },
    };
    return fork(entry, [JSON.stringify(own)], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  });
  try {
    await Promise.all(children.map((child) => once(child, 'message')));
    await pause(plan.warmUpSeconds * 1000);
    const before = await look(redis, children);
    await pause(plan.seconds * 1000);
    const after = await look(redis, children);
    const seconds = (after.at - before.at) / 1000;
    const rate = (get) => (get(after) - get(before)) / seconds;
    const failed = sum(after.instances, ({ failed, errors }) => failed + errors);
    if (failed > 0) throw new Error(`${failed} calls failed`);
    const commands = Object.fromEntries(
      ['get', 'set', 'evalsha', 'publish'].map((name) => [name, rate(({ calls }) => calls[name] ?? 0)]),
    );
    return {
      requests: rate(({ instances }) => sum(instances, ({ requests }) => requests)),
      l1Hits: rate(({ instances }) => sum(instances, ({ l1Hits }) => l1Hits)),
      loads: rate(({ instances }) => sum(instances, ({ loads }) => loads)),
      messages: rate(({ instances }) => sum(instances, ({ told }) => told.keys)),
      sets: rate(({ instances }) => sum(instances, ({ sets }) => sets)),
      invalidations: rate(({ instances }) => sum(instances, ({ invalidations }) => invalidations)),
      tagMessages: rate(({ instances }) => sum(instances, ({ told }) => told.tags)),
      // Only the script for tags sends these commands, one per call.
      tagScripts: rate(({ calls }) => calls['zrevrange'] ?? 0),
      commands,
      cpuSeconds: rate(({ cpu }) => cpu),
      allCommands: rate(({ all }) => all),
      trackedPairs: after.trackedPairs,
      entryBytes: await entryBytes(redis),
    };
  } finally {
    for (const child of children) child.disconnect();
    await Promise.all(children.map((child) => child.exitCode ?? once(child, 'exit')));
    redis.disconnect();
  }
}

async function look(redis, children) {
  const answers = children.map((child) => once(child, 'message').then(([answer]) => answer));
  for (const child of children) child.send('count');
  const instances = await Promise.all(answers);
  const info = await redis.info('everything');
  const calls = {};
  for (const [, name, count] of info.matchAll(/cmdstat_([a-z|]+):calls=(\d+)/g)) calls[name] = Number(count);
  return {
    at: performance.now(),
    instances,
    calls,
    cpu: number(info, 'used_cpu_user_main_thread') + number(info, 'used_cpu_sys_main_thread'),
    all: number(info, 'total_commands_processed'),
    trackedPairs: number(info, 'tracking_total_items'),
  };
}

async function entryBytes(redis) {
  const keys = (await redis.scan('0', 'MATCH', '*item:*', 'COUNT', 1000))[1].filter(
    (name) => !name.includes('!f:'),
  );
  const bytes = await Promise.all(keys.slice(0, 50).map((name) => redis.memory('USAGE', name)));
  const known = bytes.filter((size) => size !== null);
  if (known.length === 0) throw new Error(`Redis holds no entry of the caches`);
  return sum(known, (size) => size) / known.length;
}

/** A number of INFO. */
export function number(info, name) {
  const found = new RegExp(`^${name}:([\\d.]+)`, 'm').exec(info);
  if (found === null) throw new Error(`INFO has no ${name}`);
  return Number(found[1]);
}

function sum(items, of) {
  return items.reduce((total, item) => total + of(item), 0);
}
