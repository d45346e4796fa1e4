// Estimates how far one Redis scales: a simulation with the library's L1s in fake time, a queueing model with costs
// measured in this run, and eight real processes to validate both. Writes docs/scale.md and its pictures.
//   make simulate                      within ten minutes
//   SIMULATE_QUICK=1 make simulate     two or three minutes, up to 100 instances; does not write to docs/
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { install } from '../../scripts/lib/install.mjs';
import { endWithThisProcess, root, run } from '../../scripts/lib/process.mjs';
import { environment } from '../lib/environment.mjs';

const quick = process.env.SIMULATE_QUICK === '1';
const setting = {
  perInstance: 1000,
  keys: 50_000,
  zipf: 1,
  l1Size: 500,
  ttlSeconds: 60,
  instances: quick ? [1, 10, 100] : [1, 10, 100, 1000],
  writeShares: [0.001, 0.01, 0.1],
  tagInvalidationsPerSecond: [1, 10, 100],
};
const check = {
  instances: 8,
  requestsPerSecond: 1600,
  keys: 10_000,
  zipf: 1,
  writeShare: 0.05,
  l1Size: 500,
  ttlSeconds: 20,
  warmUpSeconds: quick ? 3 : 5,
  seconds: quick ? 5 : 15,
  tags: { groups: 1000, invalidationsPerSecond: 10 },
};

endWithThisProcess();
const start = performance.now();
await install();
console.log('Building the library.');
const { status, output } = await run('npm', ['run', '--silent', 'build'], { show: false });
if (status !== 0) throw new Error(`The library could not be built.\n${output}`);

const { startRedisServer } = await import('nestjs-cache-infra/testing');
const { realRun } = await import('./real-run.mjs');
const { measureCosts } = await import('./costs.mjs');
const { modes } = await import('./load-of-redis.mjs');
const server = await startRedisServer({ own: true, installIfMissing: true });
let real, realTags, costs;
try {
  real = {};
  for (const coherence of modes) {
    real[coherence] = await realRun(server, { ...withoutTags(check), coherence });
    console.log(`8 processes, ${coherence}: ${Math.round(real[coherence].allCommands)} commands/s`);
  }
  realTags = await realRun(server, { ...check, coherence: 'tracking', tags: check.tags });
  console.log(`8 processes, tags: ${Math.round(realTags.tagScripts)} scripts for tags/s`);
  costs = await measureCosts(server, { repetitions: quick ? 1000 : 4000 });
  console.log('Costs measured.');
} finally {
  await server.stop();
}
// Use the actual rates, which are lower than planned on a busy machine.
const checks = modes.map((mode) => ({
  ...withoutTags(check),
  requestsPerSecond: real[mode].requests,
  coherent: mode !== 'none',
  warm: false,
}));
const plans = [
  ...checks,
  ...setting.instances.flatMap((instances) => [
    ...setting.writeShares.map((writeShare) => planOf(instances, writeShare, true)),
    planOf(instances, 0.01, false),
  ]),
];
const results = await inProcesses(plans);
const report = {
  environment: environment(),
  setting,
  check,
  real,
  realTags,
  costs,
  l1EntryBytes: await answer('l1-memory.mjs', [], ['--expose-gc']),
  predicted: Object.fromEntries(modes.map((mode, i) => [mode, results[i]])),
  points: plans.map((plan, i) => ({ plan, ...results[i] })).slice(modes.length),
  seconds: Math.round((performance.now() - start) / 1000),
};
await mkdir(join(root, 'test-results', 'benchmarks'), { recursive: true });
await writeFile(
  join(root, 'test-results', 'benchmarks', 'scale.json'),
  `${JSON.stringify(report, undefined, 1)}\n`,
);
const { checkTable, writeReport } = await import('./report.mjs');
const { tagTables } = await import('./tags-report.mjs');
console.log(`\n${checkTable(report)}\n\n${tagTables(report)}\n`);
if (quick) console.log('Quick run: docs/scale.md is not changed.');
else await writeReport(report);
process.exit(0);

function withoutTags({ tags: _tags, ...plan }) {
  return plan;
}

/** Just long enough for L1s to fill and for a hundred thousand counted requests. */
function planOf(instances, writeShare, coherent) {
  const requestsPerSecond = instances * setting.perInstance;
  return {
    ...setting,
    instances,
    requestsPerSecond,
    writeShare,
    coherent,
    warm: true,
    warmUpSeconds: 1.2,
    seconds: Math.max(0.2, 100_000 / requestsPerSecond),
  };
}

/** Runs the points, largest first, as many at once as there are processors. */
async function inProcesses(all) {
  const results = [];
  const order = all
    .map((_, i) => i)
    .sort((one, other) => all[other].requestsPerSecond - all[one].requestsPerSecond);
  const work = async () => {
    for (let i = order.shift(); i !== undefined; i = order.shift()) {
      const from = performance.now();
      results[i] = await answer('point.mjs', [JSON.stringify(all[i])]);
      const { instances, writeShare, coherent } = all[i];
      const seconds = ((performance.now() - from) / 1000).toFixed(1);
      console.log(
        `simulated: ${instances} instances, ${writeShare * 100} % writes${coherent ? '' : ', no coherence'}, ${seconds} s`,
      );
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, work));
  return results;
}

async function answer(script, args, execArgv = []) {
  const child = fork(fileURLToPath(new URL(script, import.meta.url)), args, { execArgv });
  const [result] = await Promise.race([
    once(child, 'message'),
    once(child, 'exit').then(([code]) => {
      throw new Error(`${script} exited with ${code} before its result`);
    }),
  ]);
  return result;
}
