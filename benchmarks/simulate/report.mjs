import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { format } from 'prettier';

import { root } from '../../scripts/lib/process.mjs';
import { figure, percent, table } from '../lib/markdown.mjs';
import { lines } from '../lib/plot.mjs';
import { crossing, loadOfRedis, modes } from './load-of-redis.mjs';
import { tagTables } from './tags-report.mjs';

/** Compares the simulation with the counters of eight processes and their Redis. */
export function checkTable({ real, predicted }) {
  const rows = modes.flatMap((mode) => {
    const { rates, commands, messages } = predicted[mode];
    const measured = real[mode];
    const line = (what, simulated, counted) => [
      mode,
      what,
      figure(simulated),
      figure(counted),
      deviation(simulated, counted),
    ];
    const scripts = commands.evalsha + (mode === 'tracking' ? commands.evalshaTracking : 0);
    return [
      line('`GET`', commands.get, measured.commands.get),
      line('`SET`', commands.set, measured.commands.set),
      line('`EVALSHA`', scripts, measured.commands.evalsha),
      ...(mode === 'pubsub' ? [line('`PUBLISH`', commands.publish, measured.commands.publish)] : []),
      line('L1 hits', rates.l1Hits, measured.l1Hits),
      line('loads', rates.loads, measured.loads),
      ...(mode === 'none' ? [] : [line('keys told of', messages[mode], measured.messages)]),
    ];
  });
  return table(['coherence', 'a second', 'simulated', 'counted', 'simulated is off by'], rows);
}

function deviation(simulated, counted) {
  if (counted === 0) return simulated === 0 ? '0 %' : '-';
  return `${(((simulated - counted) / counted) * 100).toFixed(1)} %`;
}

export async function writeReport(report) {
  const { setting, points, costs } = report;
  const pictures = join(root, 'docs', 'scale');
  await mkdir(pictures, { recursive: true });
  const largest = Math.max(...setting.instances);
  await writeFile(join(pictures, 'messages.svg'), messagePicture(report));
  await writeFile(join(pictures, 'utilization.svg'), utilizationPicture(report));
  const text = [
    '# Scale',
    `All of this page is written by \`make simulate\`. It estimates how much Redis traffic, memory and origin load up to ${figure(largest)} instances and ${figure(largest * setting.perInstance)} requests a second mean, ` +
      'by coherence mode, and where one Redis is no longer enough. The results are those of a model. It was checked against eight processes on one Redis on one machine, and against nothing larger.',
    '## The model',
    modelText(report),
    '## Traffic',
    '![Keys told of a second, by instances](scale/messages.svg)',
    ...setting.writeShares.flatMap((share) => [
      `### ${percent(share)} of the requests write`,
      trafficTable(points, share),
    ]),
    `### Without coherence (\`'none'\`), ${percent(0.01)} write`,
    noneTable(points),
    '## What it costs one Redis',
    costText(report),
    costTable(costs),
    '![Utilization of one Redis, by instances](scale/utilization.svg)',
    ...setting.writeShares.flatMap((share) => [
      `### ${percent(share)} of the requests write`,
      queueTable(report, share),
    ]),
    '## Where each mode breaks',
    breaksTable(report),
    breaksText(report),
    '## Tags',
    tagTables(report),
    '## Memory',
    memoryTable(report),
    '## Checked against eight processes',
    checkText(report),
    checkTable(report),
    '## What this does not say',
    limitsText,
    `Measured on ${report.environment.processor}, ${report.environment.memory}, Node ${report.environment.node}; the run took ${report.seconds} s.`,
  ].join('\n\n');
  const path = join(root, 'docs', 'scale.md');
  await writeFile(path, await format(text, { parser: 'markdown', printWidth: 110, singleQuote: true }));
  console.log('Written: docs/scale.md');
}

function modelText({ setting }) {
  const { perInstance, keys, zipf, l1Size, ttlSeconds } = setting;
  return [
    `- ${figure(perInstance)} requests a second to each instance, arriving by chance (Poisson); ${figure(keys)} keys whose popularity follows Zipf’s law with exponent ${zipf}, for reads and writes alike; ` +
      `an L1 of ${figure(l1Size)} entries in each instance; a ttl of ${ttlSeconds} s. Reads are \`getOrSet\`, writes are \`set\`.`,
    '- The L1s are the library’s own `InMemoryCache`, one for each instance, on a simulated clock. Redis between them is a model of stored entries, their expiry, and the notifications of the server. ' +
      'It follows the library’s rules: a read is tracked, a written key stays tracked, a load changes a load guard beside the entry that lives 30 s, and an expiry is reported.',
    '- Redis starts in its steady state. L1s start empty, and fill before anything is counted.',
    '- An answer of Redis takes no time in the simulation; waiting times are calculated afterwards.',
  ].join('\n');
}

const at = (points, share, coherent) =>
  points.filter(({ plan }) => plan.writeShare === share && plan.coherent === coherent);

function trafficTable(points, share) {
  const rows = at(points, share, true).map(({ plan, rates, messages }) => [
    figure(plan.instances),
    figure(plan.requestsPerSecond),
    percent(rates.l1Hits / rates.reads),
    ...['tracking', 'broadcast', 'pubsub'].map((mode) => figure(messages[mode])),
    figure(rates.loads),
    percent(rates.loads / rates.reads),
  ]);
  return table(
    [
      'instances',
      'requests/s',
      'L1 hits',
      "keys told/s, `'tracking'`",
      "`'broadcast'`",
      "`'pubsub'`",
      'loads at the origin/s',
      'of the reads',
    ],
    rows,
  );
}

function noneTable(points) {
  const rows = at(points, 0.01, false).map(({ plan, rates }) => [
    figure(plan.instances),
    figure(plan.requestsPerSecond),
    percent(rates.l1Hits / rates.reads),
    percent(rates.stale / rates.reads),
    figure(rates.loads),
  ]);
  return table(
    [
      'instances',
      'requests/s',
      'L1 hits',
      'reads that get a value from before a write',
      'loads at the origin/s',
    ],
    rows,
  );
}

function costText() {
  return (
    'Seconds of Redis’s main thread, by the processor time that it used in this run for commands of the library on the loopback interface, one write on the connection for each. ' +
    'With them one Redis is a queue with one server (M/G/1): commands and messages arrive at random, and each kind takes an exponential time with its own mean. ' +
    'Mean response time by Pollaczek and Khinchine, `S + ρ S (1 + c²) / (2 (1 - ρ))` with `ρ = λ S`; with `c² = 1` this is M/M/1, `S / (1 - ρ)` ' +
    '(Leonard Kleinrock, Queueing Systems, Volume 1, 1975, 3.2 and 5.6). The messages of one change leave together, but the queue assumes independent arrivals: real peaks are higher. ' +
    'With pipelining clients a command costs less; with TLS or larger values it costs more.'
  );
}

function costTable({ costs, messages }) {
  const micros = (seconds) => (seconds * 1e6).toFixed(1);
  return table(
    ['what', 'µs'],
    [
      ['read: `GET` of 1 kB', micros(costs.read)],
      ['load: `GET` and two scripts', micros(costs.load)],
      ["write by `SET` (`'broadcast'`, `'pubsub'`, `'none'`)", micros(costs.writeBySet)],
      ["write by script (`'tracking'`)", micros(costs.writeByScript)],
      ['`PUBLISH` without subscribers', micros(costs.publish)],
      ...Object.entries(messages).map(([mode, seconds]) => [
        `one key told to one instance, \`'${mode}'\``,
        micros(seconds),
      ]),
    ],
  );
}

function loads(report, share, mode) {
  const coherent = mode !== 'none';
  return at(report.points, share, coherent).map((point) => ({
    point,
    ...loadOfRedis(mode, point, report.costs),
  }));
}

function queueTable(report, share) {
  const rows = modes.flatMap((mode) =>
    loads(report, share, mode).map(({ point, commands, messages, utilization, responseSeconds }) => [
      `\`'${mode}'\``,
      figure(point.plan.instances),
      figure(commands),
      figure(messages),
      utilization >= 1 ? `**${figure(utilization)}**` : figure(utilization),
      utilization >= 1 ? 'grows without end' : `${figure(responseSeconds * 1e6)} µs`,
    ]),
  );
  return table(
    [
      'coherence',
      'instances',
      'Redis commands/s',
      'keys told/s',
      'utilization of one Redis',
      'mean time of a command in Redis',
    ],
    rows,
  );
}

function breaksTable(report) {
  const { writeShares, perInstance } = report.setting;
  const rows = modes.map((mode) => [
    `\`'${mode}'\``,
    ...writeShares.map((share) => {
      const series = loads(report, share, mode).map(({ point, utilization }) => ({
        x: point.plan.instances,
        y: utilization,
      }));
      if (series.length === 0) return 'not simulated';
      const instances = crossing(series, 1);
      if (instances === undefined) return `beyond ${figure(series.at(-1).x)}`;
      return `${figure(instances)} instances, ${figure(instances * perInstance)} requests/s`;
    }),
  ]);
  return table(['one Redis is full at', ...writeShares.map((share) => `${percent(share)} writes`)], rows);
}

function breaksText({ points, setting, costs }) {
  const largest = at(points, 0.01, true).at(-1);
  const pairs = largest.trackedPairs;
  return [
    'Between the simulated points the utilization is taken as a straight line on logarithmic axes.',
    [
      `- \`'tracking'\`: traffic follows interest. Every message was preceded by a read of that instance, so there are never more messages than reads that reach Redis; the load of Redis is the reads that follow each invalidation. The tracking table holds ${figure(pairs)} pairs at ${figure(largest.plan.instances)} instances (${figure((pairs * costs.trackedPairBytes) / 1e6)} MB); beyond \`tracking-table-max-keys\` (1,000,000 keys unless configured) Redis drops pairs, and notifies their instances as if the key had changed.`,
      "- `'broadcast'`: every change, every load (its load guard and its entry) and every expiry is reported to every instance: the product of changes and instances. This mode fills Redis first, and instances spend their time on messages about keys that they do not hold.",
      "- `'pubsub'`: every change and every load by a cache is reported to every instance, by one more command. There are fewer messages than with broadcast, since load guards and expiry are not reported; the product is the same.",
      "- `'none'`: Redis gets only reads and writes. The table above shows the price: reads of values from before a write, until their ttl.",
      `- In all modes writes to popular keys limit what L1s can do: at ${figure(largest.plan.instances)} instances a key that is written several times a second is hardly ever in an L1 when it is read. A short \`l1Ttl\` with \`'none'\` for such keys, or a larger share of reads, helps; more coherence does not.`,
      '- Beyond one Redis, a Cluster divides commands by its masters, and with `tracking` their messages as well. That was not simulated.',
      `- Connections: two for each instance, ${figure(2 * Math.max(...setting.instances))} at the largest; Redis takes 10,000 unless configured (\`maxclients\`).`,
    ].join('\n'),
  ].join('\n\n');
}

function memoryTable({ points, setting, costs, real, l1EntryBytes }) {
  const entryBytes = real.tracking.entryBytes;
  const rows = at(points, 0.01, true).map(({ plan, l1Entries, l2Entries, trackedPairs }) => [
    figure(plan.instances),
    `${figure((l1Entries * l1EntryBytes) / 1e6)} MB`,
    `${figure((l1Entries * l1EntryBytes * plan.instances) / 1e6)} MB`,
    `${figure((l2Entries * entryBytes) / 1e6)} MB`,
    `${figure((trackedPairs * costs.trackedPairBytes) / 1e6)} MB`,
  ]);
  return [
    `With values of 900 bytes: ${figure(l1EntryBytes)} bytes an entry in an L1, ${figure(entryBytes)} in Redis (\`MEMORY USAGE\`), ${figure(costs.trackedPairBytes)} for Redis to track one key for one instance; all measured in this run. ${percent(0.01)} of the requests write.`,
    table(
      ['instances', 'L1 of one instance', 'L1s together', 'entries in Redis', "Redis’s table, `'tracking'`"],
      rows,
    ),
    `An L1 is bounded by its size (${figure(setting.l1Size)} entries here), Redis by its keys and their ttl.`,
  ].join('\n\n');
}

function checkText({ check }) {
  return (
    `${check.instances} processes of the real \`RedisCache\`, together meant to make ${figure(check.requestsPerSecond)} requests a second over ${figure(check.keys)} keys, ${percent(check.writeShare)} writes, L1s of ${figure(check.l1Size)}, a ttl of ${check.ttlSeconds} s, all on one Redis of their own for ${check.seconds} s ` +
    `after ${check.warmUpSeconds} s; the simulation with the same figures, from the same cold start, at the rate that really came. Commands are those of \`INFO commandstats\`, which counts what scripts call too; Redis counts no invalidations, so they are counted where they arrive, in the eight processes.`
  );
}

const limitsText = [
  '- The check covers eight instances and one rate. Its agreement with the simulation says nothing about networks, failovers, or a thousand connections.',
  '- Popularity is the same in all instances and does not change. Writes follow it: if hot keys are seldom written, L1s do better than here.',
  '- Loads take no time in the simulation, so no change overtakes a load. In reality an overtaken load stores nothing, and the next read loads again; concurrent loads of one key are joined within an instance, and between instances only with `lock`.',
  '- Costs are those of one machine, of one version of Redis, without TLS, persistence or replicas.',
].join('\n');

function messagePicture({ points, setting }) {
  const share = setting.writeShares[1];
  const series = ['tracking', 'broadcast', 'pubsub'].map((mode) => ({
    name: mode,
    points: at(points, share, true).map(({ plan, messages }) => ({ x: plan.instances, y: messages[mode] })),
  }));
  return lines(`Keys told of a second, ${percent(share)} of the requests write`, series, {
    x: 'instances',
    y: 'keys told/s',
  });
}

function utilizationPicture(report) {
  const share = report.setting.writeShares[1];
  const series = modes.map((mode) => ({
    name: mode,
    points: loads(report, share, mode).map(({ point, utilization }) => ({
      x: point.plan.instances,
      y: utilization,
    })),
  }));
  return lines(`Utilization of one Redis, ${percent(share)} of the requests write (1 = full)`, series, {
    x: 'instances',
    y: 'utilization',
  });
}
