// What each cache does in the cases that hurt. A trial returns `{ good, told }`: whether the cache did what its caller
// needs, and what was seen, in words for a table.
import { isDeepStrictEqual } from 'node:util';
import { setTimeout as pause } from 'node:timers/promises';

const answersWithinMs = 1000;
/** How long a change may take to another instance. */
const hearsWithinMs = 1000;
const patienceMs = 20_000;

/** Settles with `work`, or after `patienceMs`. */
async function timed(work) {
  const start = performance.now();
  const late = Symbol('late');
  const outcome = await Promise.race([
    Promise.resolve()
      .then(work)
      .then(
        (value) => ({ value }),
        (error) => ({ error }),
      ),
    pause(patienceMs, late, { ref: false }),
  ]);
  const ms = Math.round(performance.now() - start);
  return outcome === late ? { ms, isLate: true } : { ms, isLate: false, ...outcome };
}

const inWords = ({ ms, isLate }) => {
  if (isLate) return `no answer in ${patienceMs / 1000} s`;
  return ms < answersWithinMs ? 'at once' : `after ${(ms / 1000).toFixed(1)} s`;
};

/** Polls until `done`, for as long as another instance may take to hear of a change. */
async function heard(done) {
  for (const end = performance.now() + hearsWithinMs; performance.now() < end; await pause(20))
    if (await done()) return true;
  return done();
}

async function loadsOf(instances, callersEach) {
  let loads = 0;
  const load = async () => {
    loads += 1;
    await pause(200);
    return 'value';
  };
  await Promise.all(
    instances.flatMap((it) => Array.from({ length: callersEach }, () => it.getOrSet('cold', load))),
  );
  return loads;
}

const count = (n, word) => `${n} ${word}${n === 1 ? '' : 's'}`;

async function oldAfterDelete(loading, deleting, reader) {
  const slow = async () => {
    await pause(300);
    return 'old';
  };
  const loaded = loading.getOrSet('raced', slow);
  await pause(150);
  await deleting.delete('raced');
  await loaded;
  await pause(100);
  const left = await reader.get('raced');
  return {
    good: left !== 'old',
    told: left === 'old' ? 'the old value is cached' : 'the old value is not cached',
  };
}

const rich = {
  date: new Date('2026-01-02T03:04:05.006Z'),
  map: new Map([['a', 1]]),
  set: new Set([1, 2]),
  nan: NaN,
  bytes: new Uint8Array([1, 2, 3]),
};

/** Name → how the trial is described, and what it does. `redis` is the server, `open` makes another instance. */
export const trials = {
  stampede: {
    title: '100 callers of a cold key, one process',
    run: async ({ a }) => {
      const loads = await loadsOf([a], 100);
      return { good: loads === 1, told: count(loads, 'load') };
    },
  },
  'stampede-fleet': {
    title: '100 callers each on two instances',
    run: async ({ a, b }) => {
      const loads = await loadsOf([a, b], 100);
      return { good: loads === 1, told: count(loads, 'load') };
    },
  },
  'late-load': {
    title: 'A delete while the value is loading',
    run: ({ a }) => oldAfterDelete(a, a, a),
  },
  'late-load-fleet': {
    title: 'The same, deleted by another instance',
    run: ({ a, b }) => oldAfterDelete(a, b, a),
  },
  coherence: {
    title: 'A change by another instance reaches the L1',
    run: async ({ a, b }) => {
      await a.set('price', 1);
      // Into the L1 of B: some caches fill it in reads, others in loads.
      await b.getOrSet('price', () => 0);
      await a.set('price', 2);
      const good = await heard(async () => (await b.getOrSet('price', () => 0)) === 2);
      return { good, told: good ? 'yes' : `not within ${hearsWithinMs / 1000} s` };
    },
  },
  'foreign-writer': {
    title: 'A delete by another program (`redis-cli`)',
    run: async ({ a, redis }) => {
      await a.set('foreign', 1);
      await a.get('foreign');
      await redis.deleteAllKeysWith('foreign');
      const good = await heard(async () => (await a.get('foreign')) === undefined);
      return { good, told: good ? 'leaves the L1' : 'the L1 keeps it' };
    },
  },
  tags: {
    title: 'Invalidation by tag, on another instance',
    run: async ({ a, b }) => {
      if (a.invalidateTag === undefined) return { good: false, told: 'no tags' };
      await a.set('tagged', 1, { tags: ['t'] });
      await b.getOrSet('tagged', () => 0);
      // A tag invalidated in the millisecond of the set counts as older for some.
      await pause(20);
      await a.invalidateTag('t');
      const good = await heard(async () => (await b.get('tagged')) === undefined);
      return { good, told: good ? 'yes' : `not within ${hearsWithinMs / 1000} s` };
    },
  },
  hang: {
    title: 'Redis hangs: a cold key is answered',
    run: async ({ a, redis }) => {
      await a.get('warm');
      await redis.pause();
      const seen = await timed(() => a.getOrSet('cold', () => 'value'));
      const good = seen.value === 'value' && seen.ms < answersWithinMs;
      return { good, told: seen.error === undefined ? inWords(seen) : `an error ${inWords(seen)}` };
    },
  },
  down: {
    title: 'Redis stops: a cold key is answered',
    run: async ({ a, redis }) => {
      await a.get('warm');
      await redis.stop();
      await pause(200);
      const seen = await timed(() => a.getOrSet('cold', () => 'value'));
      const good = seen.value === 'value' && seen.ms < answersWithinMs;
      return { good, told: seen.error === undefined ? inWords(seen) : `an error ${inWords(seen)}` };
    },
  },
  grace: {
    title: 'The loader fails after the ttl: the old value',
    run: async ({ a }) => {
      const options = { ttlMs: 100, graceMs: 10_000 };
      await a.getOrSet('rate', () => 'old', options);
      await pause(300);
      const fail = () => Promise.reject(new Error('down'));
      const seen = await timed(() => a.getOrSet('rate', fail, options));
      const good = seen.value === 'old';
      return { good, told: good ? 'served' : a.hasGrace ? 'an error' : 'no such option' };
    },
  },
  types: {
    title: '`Date`, `Map`, `Set`, `NaN`, bytes through Redis',
    run: async ({ a, open }) => {
      const stored = await timed(() => a.set('rich', rich));
      const other = await open();
      const back = await timed(() => other.get('rich'));
      await other.close();
      const good = isDeepStrictEqual(back.value, rich);
      if (good) return { good, told: 'unchanged' };
      if (stored.error !== undefined || back.value === undefined) return { good, told: 'not stored' };
      const lost = Object.keys(rich).filter((key) => !isDeepStrictEqual(back.value?.[key], rich[key]));
      return { good, told: `changed: ${lost.join(', ')}` };
    },
  },
  isolation: {
    title: 'A caller changes the object it got',
    run: async ({ a }) => {
      await a.set('list', { items: [1] });
      const got = await a.get('list');
      got.items.push(2);
      const next = await a.get('list');
      const good = next.items.length === 1;
      return { good, told: good ? 'the cache keeps its own' : 'the next caller sees it' };
    },
  },
};
