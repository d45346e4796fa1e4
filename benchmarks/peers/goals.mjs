import { pairedRatios, quantile, summarize } from '../lib/statistics.mjs';

export const own = 'nestjs-cache-infra';
const peers = ['cache-manager', 'cacheable', 'bentocache'];

/** Speed of the library relative to another candidate, by rounds. */
const ratioTo = (base) => (samples) => pairedRatios(samples[base], samples[own]);

/** Raw ioredis at its faster setting for this work. */
export function bestRaw(samples) {
  const settings = ['ioredis', 'ioredis, auto-pipelining'].filter((name) => samples[name] !== undefined);
  return fastest(samples, settings);
}

/** The candidate that the library is compared with. */
export function limitOf(samples) {
  return samples.limit === undefined ? bestRaw(samples) : 'limit';
}

function fastest(samples, names) {
  const present = names.filter((name) => samples[name] !== undefined);
  return present.reduce((best, name) =>
    quantile(samples[name], 0.5) < quantile(samples[best], 0.5) ? name : best,
  );
}

const ofLimit = 'of the limit';
const ofHand = 'of `lru-cache` by hand';
const ofRaw = 'of ioredis + JSON';
const ofRawLoad = 'of `GET`, load, `SET` by hand';
const ofTiersByHand = 'of `lru-cache` + ioredis by hand';
const toRaw = (samples) => ratioTo(bestRaw(samples))(samples);
const toBestPeer = (samples) => ratioTo(fastest(samples, peers))(samples);

/**
 * Cases measured in both ways: all contenders in one process, where each meets the inline caches and the garbage of the
 * others, and each in a process of its own. The verdict is about the first.
 */
export const measuredBothWays = [
  'l1-cold',
  'l1-get-many',
  'l1-set-many',
  'redis-get-or-set-1',
  'redis-get-or-set-32',
  'redis-get-or-set-256',
  'redis-get-many-8',
  'redis-set-many',
  'redis-cold-32',
  'redis-two-tier-set-small-32',
  'redis-two-tier-cold-32',
  'redis-two-tier-zipf-32',
];

/** The goals: case, comparison and threshold. */
export const goals = [
  goal('`get`, L1 hit, string', 'l1-get-string', ratioTo('limit'), '≥', 0.7, ofLimit),
  goal("`get`, L1 hit, object, `'reference'`", 'l1-get-reference', ratioTo('limit'), '≥', 0.7, ofLimit),
  goal("`get`, L1 hit, object, `'freeze'`", 'l1-get-freeze', ratioTo('limit'), '≥', 0.7, ofLimit),
  goal('`getOrSet`, L1 hit, string', 'l1-get-or-set-string', ratioTo('limit'), '≥', 0.6, ofLimit),
  goal(
    "`getOrSet`, L1 hit, object, `'reference'`",
    'l1-get-or-set-reference',
    ratioTo('limit'),
    '≥',
    0.6,
    ofLimit,
  ),
  goal("`getOrSet`, L1 hit, object, `'freeze'`", 'l1-get-or-set-freeze', ratioTo('limit'), '≥', 0.6, ofLimit),
  goal(
    '`get`, L1 hit, 10 fields, a copy for each caller',
    'l1-get-clone',
    toBestPeer,
    '≥',
    3,
    '× the best copying peer',
  ),
  goal('`set`, L1, string', 'l1-set-string', ratioTo('limit'), '≥', 0.4, 'of the limit of a `set`'),
  goal('`getOrSet`, cold, in memory', 'l1-cold', ratioTo('limit'), '≥', 0.5, ofHand),
  goal("`getMany` of 100, L1 hits, `'reference'`", 'l1-get-many', ratioTo('limit'), '≥', 0.5, ofHand),
  goal("`setMany` of 100, L1, `'reference'`", 'l1-set-many', ratioTo('limit'), '≥', 0.3, ofHand),
  goal(
    'memory of an entry, 100 bytes',
    'memory',
    (samples) => pairedRatios(samples[own], samples.Map),
    '≤',
    1.25,
    '× a bare `Map`',
  ),
  goal('Redis hit, 1 kB, 1 at a time', 'redis-get-1', toRaw, '≥', 0.9, ofRaw),
  goal('Redis hit, 1 kB, 32 at a time', 'redis-get-32', toRaw, '≥', 0.95, ofRaw),
  goal('Redis hit, 1 kB, 256 at a time', 'redis-get-256', toRaw, '≥', 1.3, ofRaw),
  goal('`getOrSet`, Redis hit, 1 kB, 1 at a time', 'redis-get-or-set-1', toRaw, '≥', 0.9, ofRaw),
  goal('`getOrSet`, Redis hit, 1 kB, 32 at a time', 'redis-get-or-set-32', toRaw, '≥', 0.95, ofRaw),
  goal('`getOrSet`, Redis hit, 1 kB, 256 at a time', 'redis-get-or-set-256', toRaw, '≥', 1.3, ofRaw),
  goal('`getMany` of 100 from Redis', 'redis-get-many', toRaw, '≥', 0.9, 'of `MGET` + JSON'),
  goal('`getMany` of 100 from Redis, 8 at a time', 'redis-get-many-8', toRaw, '≥', 0.9, 'of `MGET` + JSON'),
  goal('`setMany` of 100 in Redis', 'redis-set-many', toRaw, '≥', 0.9, 'of a pipeline of `SET`'),
  goal('`getOrSet`, cold, Redis alone, 32 at a time', 'redis-cold-32', toRaw, '≥', 1.4, ofRawLoad),
  goal('`set` in two tiers, 32 at a time', 'redis-two-tier-set-32', toRaw, '≥', 0.85, 'of ioredis `SET`'),
  goal(
    '`set` in two tiers, small object, 32 at a time',
    'redis-two-tier-set-small-32',
    toRaw,
    '≥',
    0.9,
    'of `lru-cache` + ioredis `SET`',
  ),
  goal('`getOrSet`, cold, two tiers, 32 at a time', 'redis-two-tier-cold-32', toRaw, '≥', 1, ofTiersByHand),
  goal('`getOrSet`, Zipf, two tiers, 32 at a time', 'redis-two-tier-zipf-32', toRaw, '≥', 0.8, ofTiersByHand),
  goal('1,000 callers of a cold key, 4 processes', 'herd', (samples) => samples[own], '≤', 1, 'loads'),
  goal(
    'load that ends after a newer `set` or `delete`',
    'late-load',
    (samples) => samples[own],
    '≤',
    0,
    'old values left',
  ),
  goal(
    '`HttpCacheInterceptor`, hit',
    'nest-http',
    (samples) => pairedRatios(samples[own], samples.none),
    '≥',
    0.9,
    'of the route without caching and work',
  ),
  goal('`@Cacheable` hit over `cache.get`', 'nest-cacheable', extraMicros, '≤', 1.5, 'µs more'),
  goal('import, cold', 'import', (samples) => samples[own], '≤', 120, 'ms'),
];

function goal(work, caseName, compare, direction, line, unit) {
  return { work, caseName, compare, direction, line, unit };
}

/** True for units that are counted, not measured. */
export function isCount(unit) {
  return unit === 'loads' || unit === 'old values left';
}

function extraMicros(samples) {
  return samples['@Cacheable, without arguments'].map(
    (ns, round) => (ns - samples['cache.get'][round]) / 1000,
  );
}

/**
 * Evaluates a goal. The median decides; counts must be right in every round.
 *
 * @param results by case
 */
export function judge({ caseName, compare, direction, line, ...goal }, results) {
  const result = results[caseName];
  if (result === undefined)
    return { ...goal, caseName, direction, line, measured: undefined, reached: undefined };
  const values = compare(result.samples);
  const measured = { ...summarize(values), most: Math.max(...values) };
  const apart = result.apart === undefined ? undefined : summarize(compare(result.apart));
  const decisive = isCount(goal.unit) ? measured.most : measured.median;
  const reached = direction === '≥' ? decisive >= line : decisive <= line;
  return { ...goal, caseName, direction, line, measured, apart, reached };
}
