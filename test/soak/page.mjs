import { format } from 'prettier';

import { table } from '../../benchmarks/lib/markdown.mjs';
import { judge, meanings, shown } from './table.mjs';

/** The page that `pageOf` makes, from the root of the repository. */
export const page = 'docs/soak.md';

const mark = { start: '<!-- result\n', end: '\n-->' };

/** The page of a result. The result stands in it, in a comment, so that a test can make the page again. */
export async function pageOf(result) {
  const rows = judge(result.measured);
  const minutes = Math.round(result.seconds / 60);
  const text = [
    '# Soak',
    `All of this page is written by \`WRITE=1 make soak\`, from a run on ${result.date}.`,
    tldr(result, rows, minutes),
    '## What ran',
    whatRan(result),
    '## Faults of Redis',
    `One fault follows the other, again and again, with ${seconds(result.pauseMs)} s between two of them.`,
    table(
      ['Redis is', 'times', 'shortest, s', 'longest, s'],
      result.faults.map((each) => [each.name, each.times, seconds(each.shortestMs), seconds(each.longestMs)]),
    ),
    failovers,
    '## Limits',
    `Calls while Redis fails count like all others. The longest call took ${Math.round(result.longestCallMs)} ms, without the time in which the event loop of its process was busy. ${Math.round(result.recoveryMs)} ms after the last fault, each process read what each other had just written.`,
    table(
      ['', 'measured', 'limit', '', 'counted are'],
      rows.map(({ what, value, limit, holds }) => [
        what,
        shown(value),
        limit.replace('>=', 'at least').replace('<=', 'at most'),
        holds ? 'holds' : 'BROKEN',
        meanings[what],
      ]),
    ),
    '## Heap and handles',
    'Megabytes of the heap in each process, after a collection. The first row is the end of the warm-up.',
    table(
      ['minute', ...result.heaps[0].mb.map((_, i) => `process ${i + 1}`)],
      result.heaps.map(({ atSeconds, mb }) => [
        (atSeconds / 60).toFixed(1),
        ...mb.map((each) => each.toFixed(1)),
      ]),
    ),
    `Handles of each process before its caches were opened, and after they were closed: ${result.handles.map(({ before, after }) => `${before} and ${after}`).join(', ')}.`,
    '## Truth meter',
    truthText(result),
    '## Where it ran',
    table(
      ['', ''],
      [
        ['nestjs-cache-infra', result.environment.library],
        ['Node', result.environment.node],
        ['Redis', result.environment.redis],
        ['platform', result.environment.platform],
        ['processor', result.environment.processor],
        ['memory', result.environment.memory],
      ],
    ),
    `${mark.start}${JSON.stringify(result)}${mark.end}`,
  ].join('\n\n');
  return format(`${text}\n`, { parser: 'markdown', printWidth: 110, singleQuote: true });
}

/** The result that a page was made of. */
export function resultOf(text) {
  const [, after] = text.split(mark.start);
  if (after === undefined) throw new Error(`${page} has no result: run WRITE=1 make soak`);
  return JSON.parse(after.split(mark.end)[0]);
}

function tldr(result, rows, minutes) {
  const broken = rows.filter(({ holds }) => !holds).map(({ what }) => what);
  const strikes = result.faults.reduce((sum, { times }) => sum + times, 0);
  const { measured } = result;
  return [
    `**TL;DR** Three processes worked on one Redis for ${minutes} minutes, while ${strikes} faults struck it.`,
    broken.length === 0
      ? `All ${rows.length} limits held: of ${measured.calls.toLocaleString('en-US')} calls none failed, no update was lost, no read was stale, and no handle was left open. The heap of a process grew by ${shown(measured['heap growth, MB'])} MB at most.`
      : `Broken: ${broken.join(', ')}.`,
  ].join(' ');
}

function whatRan({ load }) {
  return [
    '- Redis: a master with two replicas and three Sentinels, on the loopback interface.',
    `- Three processes, each with a cache of ${load.l1CacheSize} entries in its L1. Four lanes in each process set, delete, invalidate by tag and by pattern, load and read, one key or several at once. Each key has one writer, so its right value is known at every moment.`,
    `- In each process, an application with ${load.products} cached HTTP responses (\`ttl: '${load.ttl}'\`), which are invalidated by their tags, and with ${load.questions} questions to a cache of AI answers.`,
    `- The [truth meter](recipes/truth-meter.md) verifies ${load.verify * 100} % of the hits of this application.`,
  ].join('\n');
}

const failovers =
  'Before a failover, writes to the master are held back (`CLIENT PAUSE … WRITE`) until its replicas have everything, ' +
  'and a master that is replaced while it lives is demoted at once. For Redis acknowledges a write before its replicas ' +
  'have it, and a replaced master acknowledges writes until it is demoted. Such writes are lost for every client, and a ' +
  'writer then reads an older value than its own last one. So the limits show what the library loses, not what Redis ' +
  'loses: [failovers](resilience.md#failovers-lose-writes).';

function truthText({ truth, load }) {
  return (
    `${truth.verified.toLocaleString('en-US')} hits were compared with a new value of their loader, and ${truth.untrue} were wrong. ` +
    `${truth.inconclusive.toLocaleString('en-US')} comparisons had no result, because the entry changed meanwhile or its loader failed. ` +
    `${truth.skipped.toLocaleString('en-US')} chosen hits were skipped: the meter verifies at most ${load.verifyPerMinute} a minute in each process.`
  );
}

function seconds(ms) {
  return (ms / 1000).toFixed(1);
}
