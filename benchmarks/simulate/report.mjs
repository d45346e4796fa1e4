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
    `Written by \`make simulate\`, all of it. How much Redis traffic, memory and origin load up to ${figure(largest)} instances and ${figure(largest * setting.perInstance)} requests a second mean, ` +
      'by coherence mode, and where one Redis is no longer enough. It is a model: it was checked against eight processes on one Redis on one machine, and against nothing larger.',
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
    '- The L1s are the library’s own `InMemoryCache`, one for each instance, on a clock that is moved by hand. Redis between them is a model: what is stored until when, whom the server tells of what. ' +
      'Its rules are the library’s: a read is tracked, a write goes on being tracked, a load touches a fence beside the entry that stays 30 s, what expires is told of.',
    '- Redis starts as it would be after a long time, L1s start empty and fill before anything is counted.',
    '- An answer of Redis takes no time in the simulation; what waiting means is calculated afterwards.',
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
    'With them one Redis is a queue with one server (M/G/1): commands and messages arrive by chance, each kind takes an exponential time of its own mean. ' +
    'Mean response time by Pollaczek and Khinchine, `S + ρ S (1 + c²) / (2 (1 - ρ))` with `ρ = λ S`; with `c² = 1` this is M/M/1, `S / (1 - ρ)` ' +
    '(Leonard Kleinrock, Queueing Systems, Volume 1, 1975, 3.2 and 5.6). Messages of one change leave in one go, which a queue by chance does not know: peaks are higher than this. ' +
    'Clients that pipeline cost less a command, TLS and larger values more.'
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
      ['`PUBLISH` that nobody hears', micros(costs.publish)],
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
      `- \`'tracking'\`: traffic follows interest. Every message was preceded by a read of that instance, so there are never more messages than reads that reach Redis; what fills Redis are the reads that come back after each invalidation. Its table of who read what holds ${figure(pairs)} pairs at ${figure(largest.plan.instances)} instances (${figure((pairs * costs.trackedPairBytes) / 1e6)} MB); beyond \`tracking-table-max-keys\` (1,000,000 keys unless configured) Redis forgets, and tells those concerned as if the key had changed.`,
      "- `'broadcast'`: every change, every load (its fence and its entry) and every expiry is told to every instance, whether it cares or not: the product of changes and instances. It is the first to fill Redis, and instances spend their time hearing of keys that they do not hold.",
      "- `'pubsub'`: every change and every load by a cache is told to every instance, by one more command. Fewer messages than broadcast, since fences and expiry are not told of; the same product.",
      "- `'none'`: Redis hears only reads and writes. The price is in the table above: reads of values from before a write, for as long as the ttl.",
      `- In all modes writes to popular keys limit what L1s can do: at ${figure(largest.plan.instances)} instances a key that is written several times a second is hardly ever in an L1 when it is asked for. A short \`l1Ttl\` with \`'none'\` for such keys, or a larger share of reads, helps; more coherence does not.`,
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
    `With values of 900 bytes: ${figure(l1EntryBytes)} bytes an entry in an L1, ${figure(entryBytes)} in Redis (\`MEMORY USAGE\`), ${figure(costs.trackedPairBytes)} for Redis to remember that one instance read one key; all measured in this run. ${percent(0.01)} of the requests write.`,
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
  '- The check covers eight instances and one rate. That rules and counts agree there says nothing about networks, failovers, or a thousand connections.',
  '- Popularity is the same in all instances and does not move. Writes follow it: where hot keys are seldom written, L1s do better than here.',
  '- Loads take no time in the simulation, so none is overtaken by a change (such a load stores nothing, and the next read loads again); in reality concurrent loads of one key are joined within an instance, and between instances only with `lock`.',
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
