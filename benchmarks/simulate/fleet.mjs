import { InMemoryCache } from 'nestjs-cache-infra';
import { ManualClock } from 'nestjs-cache-infra/testing';

import { poisson, sampler, seeded, zipfShares } from '../lib/random.mjs';
import { RedisModel } from './redis-model.mjs';

/**
 * Simulates a fleet of instances in fake time. The L1s are the library's, on one manual clock; Redis is a model of the
 * relevant behaviour.
 *
 * @param {object} plan
 * @param {number} plan.instances
 * @param {number} plan.requestsPerSecond of all instances
 * @param {number} plan.keys with popularity by Zipf's law, exponent `plan.zipf`
 * @param {number} plan.writeShare 0-1 of the requests
 * @param {number} plan.l1Size entries
 * @param {number} plan.ttlSeconds
 * @param {boolean} plan.coherent false = L1s receive no invalidations (`coherence: 'none'`)
 * @param {boolean} plan.warm true = Redis starts with its steady-state content
 * @param {number} plan.warmUpSeconds not counted
 * @param {number} plan.seconds counted
 */
export async function simulate(plan) {
  const { instances, keys, writeShare, l1Size, ttlSeconds, coherent } = plan;
  const random = seeded(plan.seed ?? 7);
  const clock = new ManualClock();
  const shares = zipfShares(keys, plan.zipf);
  const nextKey = sampler(shares, random);
  const names = Array.from({ length: keys }, (_, key) => `item:${key}`);
  const l1s = Array.from(
    { length: instances },
    () => new InMemoryCache({ maxSize: l1Size, advanced: { clock } }),
  );
  const dropped = [];
  const redis = new RedisModel({
    keys,
    instances,
    ttlMs: ttlSeconds * 1000,
    onTold: (instance, key) => {
      if (coherent) dropped.push(l1s[instance].delete(names[key]));
    },
  });
  if (plan.warm) preload(redis, shares, plan, clock.now(), random);

  const counts = { reads: 0, writes: 0, l1Hits: 0, l2Hits: 0, loads: 0, stale: 0 };
  const request = async (instance, key) => {
    const l1 = l1s[instance];
    if (random() < writeShare) {
      counts.writes++;
      await l1.set(names[key], redis.write(key, instance, clock.now()), ttlSeconds);
      return;
    }
    counts.reads++;
    const held = await l1.get(names[key]);
    if (held !== undefined) {
      counts.l1Hits++;
      if (held !== redis.versions[key]) counts.stale++;
      return;
    }
    const now = clock.now();
    const stored = redis.read(key, instance, now);
    if (stored === undefined) counts.loads++;
    else counts.l2Hits++;
    const version = stored ?? redis.load(key, instance, now);
    // An L1 entry does not outlive the entry in Redis.
    await l1.set(names[key], version, `${Math.max(1, Math.round(redis.expiry[key] - now))}ms`);
  };

  const stepMs = 1;
  const run = async (seconds) => {
    for (let ms = 0; ms < seconds * 1000; ms += stepMs) {
      clock.advance(`${stepMs}ms`);
      redis.expire(clock.now());
      const due = poisson((plan.requestsPerSecond * stepMs) / 1000, random);
      for (let i = 0; i < due; i++) await request(Math.floor(random() * instances), nextKey());
      await Promise.all(dropped.splice(0));
    }
  };
  await run(plan.warmUpSeconds);
  const before = structuredClone({ counts, commands: redis.commands, messages: redis.messages });
  await run(plan.seconds);
  const perSecond = (now, then) =>
    Object.fromEntries(Object.keys(now).map((name) => [name, (now[name] - then[name]) / plan.seconds]));
  const entries = l1s.reduce((sum, l1) => sum + l1.stats().size, 0);
  for (const l1 of l1s) await l1.close();
  return {
    rates: perSecond(counts, before.counts),
    commands: perSecond(redis.commands, before.commands),
    messages: perSecond(redis.messages, before.messages),
    l1Entries: entries / instances,
    l2Entries: redis.expiry.reduce((sum, expiry) => sum + (expiry > clock.now() ? 1 : 0), 0),
    trackedPairs: redis.trackedPairs,
  };
}

/** A key read at rate λ is present with probability λT / (1 + λT), at any age of its ttl T. */
function preload(redis, shares, { requestsPerSecond, ttlSeconds }, now, random) {
  shares.forEach((share, key) => {
    const expected = share * requestsPerSecond * ttlSeconds;
    if (random() < expected / (1 + expected)) redis.preload(key, now + random() * ttlSeconds * 1000);
  });
}
