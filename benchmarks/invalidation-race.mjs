// Issues invalidations of every kind at random moments of loads (of one key, of several that end in one turn, and of
// many by getOrSetMany), and counts stale values stored, which must be 0.
//   node benchmarks/invalidation-race.mjs            10,000 rounds of each
//   ROUNDS=500 node benchmarks/invalidation-race.mjs
import '../scripts/lib/typescript.mjs';

const [{ InMemoryCache }, { RedisCache }, { startRedisServer }, { loadingWith, race, raceKinds }, processes] =
  await Promise.all([
    import('../libs/cache-infra/src/cache/in-memory-cache.ts'),
    import('../libs/cache-infra/src/cache/redis-cache.ts'),
    import('../libs/cache-infra/src/testing/redis-server.ts'),
    import('../test/support/race.ts'),
    import('../test/support/loading-process.ts'),
  ]);

const rounds = Number(process.env.ROUNDS ?? 10_000);
const server = await startRedisServer({ own: true });
const options = { redisUrl: server.url, onError: 'throw', commandTimeout: '30s', connectTimeout: '10s' };
const l1CacheSize = 1000;

/** Creates the caches of a race in each setting; they are closed after it. */
const settings = {
  'in memory': (open) => {
    const cache = open(new InMemoryCache({ maxSize: 1000 }));
    return { loader: loadingWith(cache), invalidator: cache };
  },
  'one process': (open) => {
    const cache = open(new RedisCache({ ...options, l1CacheSize }));
    const reader = open(new RedisCache({ ...options, enableL1Cache: false }));
    return { loader: loadingWith(cache), invalidator: cache, reader, locks: true };
  },
  'two processes': async (open) => {
    const loader = open(await processes.startLoadingProcess({ ...options, l1CacheSize }));
    const reader = open(new RedisCache({ ...options, enableL1Cache: false }));
    return { loader, invalidator: open(new RedisCache(options)), reader, locks: true };
  },
};

async function measure(kind, setting) {
  const opened = [];
  try {
    const parts = await setting((thing) => (opened.push(thing), thing));
    return await race({ kind, rounds, ...parts });
  } finally {
    for (const thing of opened) await thing.close();
  }
}

let stale = 0;
console.log(
  `| kind | setting | rounds | during the load | loads each, many, both | stale values stored | seconds |`,
);
console.log(`| --- | --- | --- | --- | --- | --- | --- |`);
for (const kind of raceKinds) {
  for (const [name, setting] of Object.entries(settings)) {
    const start = performance.now();
    const report = await measure(kind, setting);
    const seconds = ((performance.now() - start) / 1000).toFixed(0);
    stale += report.stale.length;
    const { each, many, both } = report.loads;
    const columns = [kind, name, report.rounds, report.overlapping, `${each}, ${many}, ${both}`];
    console.log(`| ${[...columns, report.stale.length, seconds].join(' | ')} |`);
    for (const line of report.stale.slice(0, 5)) console.log(`  ${line}`);
  }
}
await server.stop();
process.exitCode = stale === 0 ? 0 : 1;
