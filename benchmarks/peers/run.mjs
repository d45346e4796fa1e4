// Compares the library with its peers, interleaved in one run; writes docs/performance.md and its pictures.
//   make bench-peers                  everything; eleven minutes on two slow cores
//   BENCH_QUICK=1 make bench-peers    a quick run of two or three minutes; does not write to docs/
//   node benchmarks/peers/run.mjs --only redis-cold-32,l1-cold
//                                     these cases, or groups (l1, redis, nest); does not write to docs/
//   BENCH_CASES=redis-cold-32 ...     the same as --only, for make
//   BENCH_CLOCK=cpu ...               L1 cases by CPU time, for shared machines
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import { install } from '../../scripts/lib/install.mjs';
import { endWithThisProcess, root, run } from '../../scripts/lib/process.mjs';
import { environment, versions } from '../lib/environment.mjs';
import { selfTimes, timesByArea } from '../lib/profile.mjs';
import { goals, judge, limitOf, measuredBothWays, own } from './goals.mjs';
import { selectCases } from './selection.mjs';

const quick = process.env.BENCH_QUICK === '1';
const clock = process.env.BENCH_CLOCK ?? 'wall';
const { values: flags } = parseArgs({ options: { only: { type: 'string' } } });
const only = (flags.only ?? process.env.BENCH_CASES)?.split(',');
const names = selectCases([...new Set(goals.map(({ caseName }) => caseName))], only);
const settings = quick
  ? {
      l1: { rounds: 3, turnMs: 10 },
      redis: { rounds: 3, turnMs: 30 },
      others: { rounds: 3, turnMs: 30 },
      warmUpMs: 200,
      profileSeconds: 1,
    }
  : {
      l1: { rounds: 17, turnMs: 30 },
      redis: { rounds: 11, turnMs: 80 },
      others: { rounds: 11, turnMs: 200 },
      warmUpMs: 500,
      profileSeconds: 2,
    };

const here = join(root, 'benchmarks', 'peers');
endWithThisProcess();
const start = performance.now();
await prepare();
const { inChild } = await import('./children.mjs');
const { raceApart } = await import('./turns.mjs');
const { startRedisServer } = await import('nestjs-cache-infra/testing');
const server = await startRedisServer({ own: true, installIfMissing: true });
try {
  process.env.BENCH_REDIS_URL = server.url;
  const results = await measureAll();
  const judged = goals.map((goal) => judge(goal, results)).filter(({ measured }) => measured !== undefined);
  const profiles = await profileMissed(judged);
  const report = {
    environment: { ...environment(), redis: await redisVersion(server.url), clock },
    versions: await installedVersions(),
    settings,
    seconds: Math.round((performance.now() - start) / 1000),
    results,
    judged,
    profiles,
  };
  await mkdir(join(root, 'test-results', 'benchmarks'), { recursive: true });
  await writeFile(
    join(root, 'test-results', 'benchmarks', 'peers.json'),
    `${JSON.stringify(report, undefined, 1)}\n`,
  );
  const { goalsTable, writeReport } = await import('./report.mjs');
  console.log(`\n${goalsTable(judged)}\n`);
  if (quick || only !== undefined) console.log('Partial or quick run: docs/performance.md is not changed.');
  else await writeReport(report);
} finally {
  await server.stop();
}
process.exit(0);

/** Installs the packages of both projects and builds the library. */
async function prepare() {
  await install();
  await install(here);
  console.log('Building the library.');
  const { status, output } = await run('npm', ['run', '--silent', 'build'], { show: false });
  if (status !== 0) throw new Error(`The library could not be built.\n${output}`);
}

async function measureAll() {
  const results = {};
  for (const name of names) {
    const from = performance.now();
    await emptyRedis();
    results[name] = await measure(name);
    console.log(`${name.padEnd(26)} ${((performance.now() - from) / 1000).toFixed(1)} s`);
  }
  return results;
}

async function measure(name) {
  const options = name.startsWith('l1-') ? { ...settings.l1, clock } : settings[settingOf(name)];
  if (!measuredBothWays.includes(name)) return inChild([name, 'measure', JSON.stringify(options)]);
  const warm = { ...options, warmUpMs: settings.warmUpMs, collect: false };
  const result = await inChild([name, 'measure', JSON.stringify(warm)]);
  await emptyRedis();
  return { ...result, apart: await raceApart(name, [limitOf(result.samples), own], warm) };
}

function settingOf(name) {
  return name.startsWith('redis-') ? 'redis' : 'others';
}

/** Profiles the cases that missed their goal. */
async function profileMissed(judged) {
  const withoutProfile = ['memory', 'herd', 'late-load'];
  const names = [...new Set(judged.filter(({ reached }) => !reached).map(({ caseName }) => caseName))];
  const profiles = {};
  for (const name of names.filter((name) => !withoutProfile.includes(name))) {
    const profile = await inChild([name, 'profile', String(settings.profileSeconds)], { execArgv: [] });
    const functions = selfTimes(profile, root);
    profiles[name] = { functions: functions.slice(0, 15), areas: timesByArea(functions).slice(0, 10) };
    console.log(`${name.padEnd(26)} profiled`);
  }
  return profiles;
}

async function installedVersions() {
  const ofPeers = [
    'bentocache',
    'cacheable',
    'cache-manager',
    'keyv',
    '@keyv/redis',
    'lru-cache',
    'ioredis',
    'autocannon',
  ];
  const ofRoot = ['@nestjs/core', '@nestjs/cache-manager', 'ioredis'];
  return {
    peers: await versions(new URL('./', import.meta.url), ofPeers),
    library: await versions(new URL('../../', import.meta.url), ['nestjs-cache-infra', ...ofRoot]),
  };
}

async function redisVersion(url) {
  const info = await withRedis(url, (redis) => redis.info('server'));
  return /redis_version:(\S+)/.exec(info)?.[1] ?? 'unknown';
}

/** No case meets entries of another. */
async function emptyRedis() {
  await withRedis(server.url, (redis) => redis.flushall());
}

async function withRedis(url, use) {
  const { Redis } = await import('ioredis');
  const redis = new Redis(url);
  try {
    return await use(redis);
  } finally {
    redis.disconnect();
  }
}
