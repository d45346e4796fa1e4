// Compares eviction policies: hit ratios, and the times of hits and misses. The figures of docs/decisions/eviction.md.
//   node benchmarks/eviction.mjs [--rounds 15] [--most 2000000] [--trace <path>[:<format>]]...
// A trace is a file of requests; benchmarks/eviction/trace.mjs describes the formats.
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

import '../scripts/lib/typescript.mjs';
import { compare, costs } from './eviction/costs.mjs';
import { Lru } from './eviction/policies/lru.mjs';
import { memoryTierPolicy } from './eviction/policies/memory-tier.mjs';
import { S3Fifo } from './eviction/policies/s3-fifo.mjs';
import { Sieve } from './eviction/policies/sieve.mjs';
import { WTinyLfu } from './eviction/policies/w-tiny-lfu.mjs';
import { readTrace } from './eviction/trace.mjs';
import { workloads } from './eviction/workloads.mjs';
import { environment } from './lib/environment.mjs';
import { spread, table } from './lib/markdown.mjs';
import { mean } from './lib/statistics.mjs';

const { MemoryTier } = await import('../libs/cache-infra/src/tiers/memory/memory-tier.ts');
const { cacheClock } = await import('../libs/cache-infra/src/base/clock.ts');

/** Entries of the cache, as shares of the distinct keys of a workload. */
const shares = [0.01, 0.05, 0.2];
/** Processes that measure times. */
const processes = 7;

const policies = [
  { name: 'LRU', Policy: Lru },
  { name: 'SIEVE', Policy: Sieve },
  { name: 'S3-FIFO', Policy: S3Fifo },
  { name: 'W-TinyLFU', Policy: WTinyLfu },
  {
    name: 'W-TinyLFU, window 20 %',
    Policy: class extends WTinyLfu {
      constructor(capacity) {
        super(capacity, 0.2);
      }
    },
  },
  { name: 'L1', Policy: memoryTierPolicy(MemoryTier, cacheClock) },
];

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '15' },
    most: { type: 'string', default: '2000000' },
    trace: { type: 'string', multiple: true, default: [] },
  },
});
const rounds = positive('rounds');
const most = positive('most');

if (process.send === undefined) await report();
else {
  // The layout of the memory differs between processes: so does the time of a policy.
  const first = Number(process.env.FIRST_POLICY) % policies.length;
  const order = [...policies.slice(first), ...policies.slice(0, first)];
  process.send(await costs(order, { rounds, turnMs: 5, clock: 'cpu' }), () => process.disconnect());
}

async function report() {
  const { node, processor } = environment();
  console.log(`Node ${node}, ${processor}\n`);
  const results = workloads().flatMap(measure);
  for (const argument of values.trace) results.push(...measure(await readTrace(argument, most)));
  console.log('### Hit ratio, %: entries as a share of the distinct keys\n');
  console.log(ratioTable(results));
  console.log('\n### Gain over LRU, points of hit ratio\n');
  console.log(gainTable(results));
  const samples = [];
  for (let i = 0; i < processes; i++) samples.push(await timesOfProcess(i));
  console.log(
    `\n### Time: 10,000 entries, ${processes} processes of ${rounds} rounds, medians and interquartile ranges\n`,
  );
  console.log(timeTable(samples));
}

/** The hit ratios of all policies, for each size of the cache. */
function measure({ name, keys, isTrace = false }) {
  const distinct = new Set(keys).size;
  return shares.map((share) => {
    const capacity = Math.max(10, Math.round(distinct * share));
    const ratios = policies.map(({ Policy }) => hitRatio(new Policy(capacity), keys));
    return { name, isTrace, requests: keys.length, share, capacity, ratios };
  });
}

function hitRatio(policy, keys) {
  let hits = 0;
  for (const key of keys) if (policy.access(key)) hits++;
  policy.close?.();
  return hits / keys.length;
}

function ratioTable(results) {
  const rows = results.map(({ name, requests, share, capacity, ratios }) => [
    name,
    requests.toLocaleString('en-US'),
    `${(share * 100).toFixed(0)} %: ${capacity.toLocaleString('en-US')}`,
    ...ratios.map((ratio) => (ratio * 100).toFixed(1)),
  ]);
  return table(['workload', 'requests', 'entries', ...policies.map(({ name }) => name)], rows);
}

function gainTable(results) {
  const kinds = {
    synthetic: results.filter(({ isTrace }) => !isTrace),
    traces: results.filter(({ isTrace }) => isTrace),
  };
  const rows = Object.entries(kinds).flatMap(([kind, some]) =>
    some.length === 0 ? [] : policies.slice(1).map(({ name }, at) => gainsOf(kind, name, some, at + 1)),
  );
  const headings = [
    'workloads',
    'policy',
    'mean',
    'worst',
    'best',
    '2 points better or more',
    '2 points worse or more',
  ];
  return table(headings, rows);
}

function gainsOf(kind, name, results, at) {
  const points = results.map(({ ratios }) => (ratios[at] - ratios[0]) * 100);
  const counted = (matches) => `${points.filter(matches).length} of ${points.length}`;
  return [
    kind,
    name,
    ...[mean(points), Math.min(...points), Math.max(...points)].map(signed),
    counted((point) => point >= 2),
    counted((point) => point <= -2),
  ];
}

function signed(points) {
  return `${points < 0 ? '' : '+'}${points.toFixed(1)}`;
}

/** Nanoseconds per access, by kind and policy. */
function timesOfProcess(number) {
  return new Promise((resolve, reject) => {
    const child = fork(fileURLToPath(import.meta.url), ['--rounds', String(rounds)], {
      execArgv: ['--expose-gc'],
      env: { ...process.env, FIRST_POLICY: String(number) },
    });
    child.once('message', resolve);
    child.once('exit', (code) => {
      if (code !== 0) reject(new Error(`the process that measures times ended with ${code}`));
    });
  });
}

function timeTable(samples) {
  const kinds = ['hit', 'miss'];
  const compared = Object.fromEntries(
    kinds.map((kind) => [
      kind,
      compare(
        samples.map((each) => each[kind]),
        'LRU',
      ),
    ]),
  );
  const rows = policies.map(({ name }) => [
    name,
    ...kinds.flatMap((kind) => [spread(compared[kind][name].ns), spread(compared[kind][name].ratio)]),
  ]);
  return table(['policy', 'hit, ns', 'hit, ratio to LRU', 'miss, ns', 'miss, ratio to LRU'], rows);
}

function positive(name) {
  const number = Number(values[name]);
  if (Number.isInteger(number) && number > 0) return number;
  throw new Error(`--${name} ${values[name]}: expected a whole number above 0`);
}
