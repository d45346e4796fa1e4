import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { format } from 'prettier';

import { root } from '../../scripts/lib/process.mjs';
import { figure, percent, spread, table } from '../lib/markdown.mjs';
import { bars } from '../lib/plot.mjs';
import { pairedRatios, summarize } from '../lib/statistics.mjs';
import { bestRaw } from './goals.mjs';
import { method, notMeasured } from './method.mjs';

const own = 'nestjs-cache-infra';

/** Titles of the tables, and their reference candidates. */
const tables = {
  'l1-get-string': ['`get`, L1 hit, 100-byte string', 'limit'],
  'l1-get-reference': [
    "`get`, L1 hit, object of 10 fields, by reference (`isolation: 'reference'`)",
    'limit',
  ],
  'l1-get-freeze': [
    "`get`, L1 hit, the same object, frozen (`isolation: 'freeze'`); peers by reference",
    'limit',
  ],
  'l1-get-clone': [
    '`get`, L1 hit, the same object, a copy for each caller (the default); the limit shares',
    'limit',
  ],
  'l1-get-or-set-string': ['`getOrSet`, L1 hit, 100-byte string', 'limit'],
  'l1-get-or-set-reference': ['`getOrSet`, L1 hit, object by reference', 'limit'],
  'l1-get-or-set-freeze': ['`getOrSet`, L1 hit, frozen object; peers by reference', 'limit'],
  'l1-set-string': [
    '`set`, L1, 100-byte string; the limit is an `async` function around `lru-cache`’s `set` with a ttl',
    'limit',
  ],
  'l1-cold': [
    '`getOrSet` of cold keys, 100-byte string, a loader of no cost; the limit is `lru-cache` with single flight',
    'limit',
  ],
  'l1-get-many': [
    '`getMany` of 100, L1 hits, objects by reference; the limit is a loop (bentocache has none)',
    'limit',
  ],
  'l1-set-many': [
    '`setMany` of 100, L1, objects by reference; the limit is a loop (bentocache has none)',
    'limit',
  ],
  memory: ['Memory of an entry: a key, 100 bytes of text, and what the store adds; 200,000 entries', 'Map'],
  'redis-get-1': ['Hit in Redis, 1 kB of JSON, one call at a time', 'raw'],
  'redis-get-32': ['Hit in Redis, 1 kB of JSON, 32 calls at a time', 'raw'],
  'redis-get-256': ['Hit in Redis, 1 kB of JSON, 256 calls at a time', 'raw'],
  'redis-get-or-set-1': ['`getOrSet`, hit in Redis, 1 kB of JSON, one call at a time', 'raw'],
  'redis-get-or-set-32': ['`getOrSet`, hit in Redis, 1 kB of JSON, 32 calls at a time', 'raw'],
  'redis-get-or-set-256': ['`getOrSet`, hit in Redis, 1 kB of JSON, 256 calls at a time', 'raw'],
  'redis-get-many': ['100 keys of 1 kB in one call (bentocache has none)', 'raw'],
  'redis-get-many-8': ['100 keys of 1 kB in one call, 8 calls at a time', 'raw'],
  'redis-set-many': [
    '100 values of 1 kB in one call; by hand a pipeline of `SET` (bentocache has none)',
    'raw',
  ],
  'redis-cold-32': ['`getOrSet` of cold keys, Redis alone, 1 kB of JSON, 32 calls at a time', 'raw'],
  'redis-two-tier-set-32': ['`set` in the L1 and in Redis, 1 kB of JSON, 32 calls at a time', 'raw'],
  'redis-two-tier-set-small-32': [
    '`set` in the L1 and in Redis, object of 10 fields, 32 calls at a time',
    'raw',
  ],
  'redis-two-tier-cold-32': ['`getOrSet` of cold keys, two tiers, 1 kB of JSON, 32 calls at a time', 'raw'],
  'redis-two-tier-zipf-32': [
    '`getOrSet`, 20,000 keys by Zipf’s law (exponent 1), an L1 of 2,000, warm Redis, 32 calls at a time',
    'raw',
  ],
  herd: ['Loads of one cold key that 1,000 callers in 4 processes ask for at once', undefined],
  'nest-http': ['A route of a NestJS application on Express, 32 connections', 'none'],
  'nest-cacheable': ['A method under `@Cacheable`, hits in memory', 'cache.get'],
  import: ['Import, in a new process', undefined],
};

const units = { ns: 'ns a call', bytes: 'bytes', loads: 'loads', ms: 'ms', 'requests/s': 'requests/s' };

export function goalsTable(judged) {
  const rows = judged.map(({ work, direction, line, unit, measured, reached }) => [
    work,
    `${direction} ${line} ${unit}`,
    unit === 'loads' ? `${figure(measured.median)}, at most ${figure(measured.most)}` : spread(measured),
    reached ? 'reached' : '**missed**',
  ]);
  return table(['work', 'goal', 'measured: median (middle half)', 'verdict'], rows);
}

/** Writes docs/performance.md and its pictures. */
export async function writeReport(report) {
  const { results, judged } = report;
  const pictures = join(root, 'docs', 'performance');
  await mkdir(pictures, { recursive: true });
  await writeFile(join(pictures, 'l1.svg'), l1Picture(results));
  await writeFile(join(pictures, 'redis.svg'), redisPicture(results));
  const reached = judged.filter((goal) => goal.reached).length;
  const text = [
    '# Performance',
    'Written by `make bench-peers`, all of it: what the library does against its peers and against the limit of the machine, measured by turns in one run. ' +
      'Run it on your own machine; ratios carry over, times do not.',
    '## Goals',
    `${reached} of ${judged.length} reached. The limit is an \`async\` function around a \`get\` of \`lru-cache\` with a ttl. Every cache of this library has a ` +
      '`CachePerformanceMonitor` attached.',
    goalsTable(judged),
    '## In memory',
    '![L1: speed as a fraction of the limit](performance/l1.svg)',
    ...Object.keys(tables)
      .filter((name) => /^(l1|memory)/.test(name))
      .flatMap((name) => section(name, results)),
    '## Redis',
    '![Redis: speed as a fraction of ioredis](performance/redis.svg)',
    ...Object.keys(tables)
      .filter((name) => /^(redis|herd)/.test(name))
      .flatMap((name) => section(name, results)),
    '## In an application',
    ...Object.keys(tables)
      .filter((name) => /^(nest|import)/.test(name))
      .flatMap((name) => section(name, results)),
    ...imported(results.import),
    ...missed(report),
    '## Where it was measured',
    environmentTable(report),
    versionsTable(report),
    ...method(report),
    ...notMeasured,
  ].join('\n\n');
  const path = join(root, 'docs', 'performance.md');
  await writeFile(path, await format(text, { parser: 'markdown', printWidth: 110, singleQuote: true }));
  console.log('Written: docs/performance.md');
}

function section(name, results) {
  const result = results[name];
  if (result === undefined) return [];
  const [title, base] = tables[name];
  return [`### ${title}`, resultTable(result, base)];
}

function resultTable({ samples, unit }, base) {
  const reference = base === 'raw' ? bestRaw(samples) : base;
  const isRate = unit === 'requests/s' || unit === 'bytes';
  const headings = [
    '',
    units[unit],
    ...(reference === undefined ? [] : [`${isRate ? 'ratio to' : 'speed as a fraction of'} ${reference}`]),
  ];
  const rows = Object.entries(samples).map(([name, values]) => {
    const cells = [name === own ? `**${name}**` : name, spread(summarize(values))];
    if (reference === undefined) return cells;
    const [one, other] = isRate ? [values, samples[reference]] : [samples[reference], values];
    return [...cells, spread(summarize(pairedRatios(one, other)))];
  });
  return table(headings, rows);
}

function imported(result) {
  if (result === undefined) return [];
  const { modules, optional, loaded } = result;
  const list = Object.entries(modules).sort(([, one], [, other]) => other - one);
  const peers = loaded.length === 0 ? 'none of them is loaded' : `**loaded: ${loaded.join(', ')}**`;
  return [
    `An import of the library loads ${list.reduce((sum, [, count]) => sum + count, 0)} files: ${list.map(([name, count]) => `${name} (${count})`).join(', ')}. ` +
      `Optional peers are ${optional.join(' and ')}; ${peers}.`,
  ];
}

function missed({ judged, profiles }) {
  const goals = judged.filter(({ reached }) => !reached);
  if (goals.length === 0) return [];
  const names = [...new Set(goals.map(({ caseName }) => caseName))];
  const parts = names.flatMap((name) => {
    const works = goals.filter(({ caseName }) => caseName === name);
    const profile = profiles[name];
    const heading = `### ${works.map(({ work }) => work).join('; ')}`;
    const facts = works.map(
      ({ direction, line, unit, measured }) =>
        `Goal ${direction} ${line} ${unit}, measured ${spread(measured)}.`,
    );
    if (profile === undefined) return [heading, facts.join(' ')];
    return [
      heading,
      facts.join(' '),
      table(
        ['where', 'time'],
        profile.areas.map(({ area, share }) => [area, percent(share)]),
      ),
      table(
        ['function', 'in', 'own time'],
        profile.functions.map(({ name: fn, place, share }) => [
          `\`${fn}\``,
          place === '' ? '-' : `\`${place}\``,
          percent(share),
        ]),
      ),
    ];
  });
  return [
    '## Goals that were missed, and where the time goes',
    'CPU profiles of the library at this work alone, after it has warmed up, by V8’s profiler at intervals of 250 µs. Shares are of the time that the process was not idle.',
    ...parts,
  ];
}

function environmentTable({ environment, seconds }) {
  const names = {
    node: 'Node',
    v8: 'V8',
    platform: 'platform',
    processor: 'processor',
    memory: 'memory',
    redis: 'Redis, on the loopback interface',
    clock: 'clock of the L1 cases',
  };
  const rows = Object.entries(environment).map(([name, value]) => [names[name], value]);
  return table(['', ''], [...rows, ['the whole run', `${seconds} s`]]);
}

function versionsTable({ versions }) {
  const rows = Object.entries(versions.peers).map(([name, version]) => [
    name,
    version,
    versions.library[name] ?? '',
  ]);
  const alone = Object.entries(versions.library).filter(([name]) => versions.peers[name] === undefined);
  return table(
    ['package', 'measured', 'used by the library'],
    [...rows, ...alone.map(([name, version]) => [name, version, ''])],
  );
}

/** Speed relative to the limit: of the library and of the best of each peer. */
function l1Picture(results) {
  const cases = [
    'l1-get-string',
    'l1-get-reference',
    'l1-get-or-set-string',
    'l1-get-clone',
    'l1-set-string',
  ];
  return picture(
    'L1: speed as a fraction of the limit (lru-cache with a ttl in an async function)',
    cases,
    results,
    () => 'limit',
  );
}

function redisPicture(results) {
  const cases = ['redis-get-1', 'redis-get-32', 'redis-get-256', 'redis-get-many', 'redis-two-tier-set-32'];
  return picture('Redis: speed as a fraction of ioredis + JSON at its best setting', cases, results, bestRaw);
}

function picture(title, cases, results, baseOf) {
  const groups = cases
    .filter((name) => results[name] !== undefined)
    .map((name) => {
      const { samples } = results[name];
      const base = baseOf(samples);
      const items = Object.entries(samples)
        .filter(([candidate]) => candidate !== base)
        .map(([candidate, values]) => ({
          name: candidate,
          value: summarize(pairedRatios(samples[base], values)).median,
          kind: candidate.startsWith(own) ? 'own' : candidate.startsWith('ioredis') ? 'base' : 'other',
        }));
      return { title: tables[name][0].replaceAll('`', ''), items };
    });
  return bars(title, groups, figure);
}
