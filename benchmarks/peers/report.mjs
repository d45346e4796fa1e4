import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { format } from 'prettier';

import { root } from '../../scripts/lib/process.mjs';
import { figure, percent, spread, table } from '../lib/markdown.mjs';
import { bars } from '../lib/plot.mjs';
import { pairedRatios, summarize } from '../lib/statistics.mjs';
import { bestRaw, isCount, own } from './goals.mjs';
import { method, notMeasured } from './method.mjs';
import { tables } from './titles.mjs';
import { tried } from './tried.mjs';

const units = {
  ns: 'ns a call',
  bytes: 'bytes',
  loads: 'loads',
  ms: 'ms',
  'requests/s': 'requests/s',
  old: 'old values left',
};

export function goalsTable(judged) {
  const rows = judged.map(({ work, direction, line, unit, measured, apart, reached }) => [
    work,
    `${direction} ${line} ${unit}`,
    isCount(unit) ? `${figure(measured.median)}, at most ${figure(measured.most)}` : spread(measured),
    apart === undefined ? '' : spread(apart),
    reached ? 'reached' : '**missed**',
  ]);
  const headings = ['work', 'goal', 'measured: median (middle half)', 'each in its own process', 'verdict'];
  return table(headings, rows);
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
    'Written by `make bench-peers`, but for [what observation costs](#what-observation-costs): what the library does against its peers and against the limit of the machine, measured by turns in one run. ' +
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
      .filter((name) => /^(redis|herd|late)/.test(name))
      .flatMap((name) => section(name, results)),
    '## In an application',
    ...Object.keys(tables)
      .filter((name) => /^(nest|import)/.test(name))
      .flatMap((name) => section(name, results)),
    ...imported(results.import),
    ...missed(report),
    ...(await observationCosts(join(root, 'docs', 'performance.md'))),
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

/** The section that `benchmarks/tracing.mjs` writes, as it is. */
async function observationCosts(path) {
  const sections = (await readFile(path, 'utf8').catch(() => '')).split(/^(?=## )/m);
  return sections.filter((text) => text.startsWith('## What observation costs')).map((text) => text.trim());
}

function section(name, results) {
  const result = results[name];
  if (result === undefined) return [];
  const [title, base] = tables[name];
  const parts = [`### ${title}`, resultTable(result, base)];
  if (result.apart === undefined) return parts;
  return [
    ...parts,
    'The same, each in a process of its own:',
    resultTable({ ...result, samples: result.apart }, base),
  ];
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
    if (tried[name] !== undefined) facts.push(`\n\nTried: ${tried[name]}`);
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
