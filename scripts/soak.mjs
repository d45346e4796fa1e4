// Mixed load over three processes while Redis is hung, filled, stopped, failed over and restarted:
//   node scripts/soak.mjs            10 minutes; SOAK_MINUTES=60 for an hour
//   WRITE=1                          writes docs/soak.md from the result
// Ends with a table of what was lost, stale, left open and grown, against the limits of test/soak/table.mjs.
import './lib/typescript.mjs';

import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { environment } from '../benchmarks/lib/environment.mjs';
import { endWithThisProcess, root } from './lib/process.mjs';
import { startInstances } from '../test/soak/instances.mjs';
import { load } from '../test/soak/load.mjs';
import { page, pageOf } from '../test/soak/page.mjs';
import { pauseMs, Schedule } from '../test/soak/schedule.mjs';
import { judge, tableOf } from '../test/soak/table.mjs';

const minutes = Number(process.env.SOAK_MINUTES ?? 10);
if (!(minutes > 0))
  throw new Error(`SOAK_MINUTES is a number of minutes above 0, not "${process.env.SOAK_MINUTES}"`);
/** The heap grows until code is compiled and caches are full: it counts from then on. */
const warmUpMs = Math.min(60_000, minutes * 15_000);
/** How often the heap is measured after the warm-up. */
const heapSamples = 10;

endWithThisProcess();
process.exitCode = 1;
const { drill } = await import('../test/faults/drill.ts');
const { startSentinelSetup } = await import('../test/support/redis-sentinel.ts');
const { buildLibrary } = await import('../test/faults/build-library.ts');
await buildLibrary();
await main();

async function main() {
  const instances = await startInstances();
  try {
    const { details, ...result } = await withSentinels((setup) => soak(instances, setup));
    const rows = judge(result.measured);
    const report = [
      `Soak of ${minutes} minutes`,
      ...result.faults.map(({ name, times }) => `Redis ${name}: ${times} times`),
      '',
      tableOf(rows),
      ...details,
    ].join('\n');
    console.log(`\n${report}`);
    const folder = join(root, 'test-results');
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, 'soak.md'), `${report}\n`);
    await writeFile(join(folder, 'soak.json'), `${JSON.stringify(result, undefined, 2)}\n`);
    if (process.env.WRITE === '1') await writeFile(join(root, page), await pageOf(result));
    if (rows.every(({ holds }) => holds)) process.exitCode = 0;
  } finally {
    await Promise.all(instances.map((each) => each.end()));
  }
}

/** Node 20 has no `await using`. */
async function withSentinels(work) {
  const setup = await startSentinelSetup({ downAfterMs: 3000 });
  try {
    return await work(setup);
  } finally {
    await setup[Symbol.asyncDispose]();
  }
}

async function soak(instances, setup) {
  const options = {
    redis: { sentinels: setup.sentinels, sentinelName: setup.name },
    l1CacheSize: load.l1CacheSize,
  };
  const handlesBefore = await Promise.all(instances.map((each) => each.handles()));
  const heaps = [];
  const redis = await versionOf(setup);
  const date = new Date().toISOString().slice(0, 10);
  const start = performance.now();
  const sinceStart = () => Math.round((performance.now() - start) / 1000);
  const sampleHeaps = async () =>
    heaps.push({ atSeconds: sinceStart(), mb: await Promise.all(instances.map((each) => each.heap())) });
  const schedule = new Schedule(setup, (what) => console.log(`${sinceStart()} s: ${what}`));
  const outcome = await drill({
    fault: 'soak',
    instances,
    optionsFor: () => options,
    direct: options,
    // A restarted server is empty until it is in step, and a failover may promote it.
    forgets: true,
    strike: async () => {
      const part = (minutes * 60_000 - warmUpMs) / heapSamples;
      for (let i = 0; i <= heapSamples; i++) {
        await schedule.strikeUntil(start + warmUpMs + i * part);
        await sampleHeaps();
      }
    },
  });
  const seconds = sinceStart();
  const services = await Promise.all(instances.map((each) => each.service()));
  const handlesAfter = await Promise.all(instances.map((each) => each.handles()));
  const sum = (pick) => services.reduce((total, each) => total + pick(each), 0);
  const truth = (name) => sum((each) => each.truth[name]);
  const [firstHeap, lastHeap] = [heaps[0].mb, heaps.at(-1).mb];
  const faults = schedule.struck();
  return {
    date,
    seconds,
    environment: { ...environment(), redis, library: await libraryVersion() },
    load,
    pauseMs,
    faults,
    heaps,
    handles: instances.map((_, i) => ({ before: handlesBefore[i].length, after: handlesAfter[i].length })),
    truth: Object.fromEntries(
      ['verified', 'untrue', 'inconclusive', 'skipped'].map((name) => [name, truth(name)]),
    ),
    longestCallMs: Math.round(outcome.longest),
    recoveryMs: Math.round(outcome.recovery),
    measured: {
      'rounds of faults': Math.min(...faults.map(({ times }) => times)),
      calls: outcome.calls,
      'HTTP requests': sum(({ http }) => http),
      'AI calls': sum(({ ai }) => ai),
      'hits verified': truth('verified'),
      'lost updates': outcome.lost.length,
      'stale reads': outcome.stale.length,
      'reads older than an own write': outcome.ownStale.length,
      'stale HTTP responses': sum(({ httpStale }) => httpStale),
      'wrong AI answers': sum(({ aiWrong }) => aiWrong),
      'failed calls': outcome.failed + sum(({ failed }) => failed),
      'unhandled errors': outcome.unhandled.length,
      'sockets left open': Object.values(outcome.leftOpen).reduce((total, count) => total + count, 0),
      'handles left': handlesAfter.reduce(
        (total, own, i) => total + Math.max(0, own.length - handlesBefore[i].length),
        0,
      ),
      'untrue hits': truth('untrue'),
      'heap growth, MB': Math.max(0, ...lastHeap.map((last, i) => last - firstHeap[i])),
    },
    details: [
      ...[...outcome.lost, ...outcome.stale, ...outcome.ownStale, ...outcome.unhandled, ...outcome.errors],
      ...services.flatMap(({ errors }) => errors),
      ...services.map((each) => `truth meter: ${JSON.stringify(each.truth)}`),
    ].slice(0, 40),
  };
}

async function versionOf(setup) {
  const { admin } = await setup.master();
  return /redis_version:(\S+)/.exec(await admin.info('server'))?.[1] ?? 'unknown';
}

async function libraryVersion() {
  const manifest = await readFile(join(root, 'libs/cache-infra/package.json'), 'utf8');
  return JSON.parse(manifest).version;
}
