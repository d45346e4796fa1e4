// Tries what caches do in the cases that hurt, each case and each cache in a process of its own, on a Redis of its own.
//   make compare                       all of them; writes the table of docs/comparison.md
//   node benchmarks/peers/compare.mjs hang,types      these, without writing
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { install } from '../../scripts/lib/install.mjs';
import { endWithThisProcess, root, run } from '../../scripts/lib/process.mjs';
import { trials } from './behaviour/trials.mjs';

// The contenders are loaded by the processes of the trials.
const names = ['nestjs-cache-infra', 'bentocache', 'cacheable', 'cache-manager'];
const wanted = process.argv[2]?.split(',') ?? Object.keys(trials);
const limitMs = 90_000;

endWithThisProcess();
await install();
await install(join(root, 'benchmarks', 'peers'));
const built = await run('npm', ['run', '--silent', 'build'], { show: false });
if (built.status !== 0) throw new Error(`the library was not built: ${built.output}`);
const { startRedisServer } = await import('nestjs-cache-infra/testing');
const { Redis } = await import('ioredis');

const rows = [];
for (const trial of wanted) {
  const cells = [];
  for (const name of names) cells.push(await outcomeOf(name, trial));
  rows.push({ trial, cells });
  console.log(`${trials[trial].title}: ${cells.map(({ told }, i) => `${names[i]}: ${told}`).join(' · ')}`);
}
if (process.argv[2] === undefined) await writeTable();
process.exit(0);

/** A server for each trial: some of them stop it. */
async function outcomeOf(contender, trial) {
  const server = await startRedisServer({ own: true, installIfMissing: true });
  const file = fileURLToPath(new URL('behaviour/trial-process.mjs', import.meta.url));
  const child = fork(file, [contender, trial, server.url], { stdio: ['ignore', 'ignore', 'pipe', 'ipc'] });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text) => (said += text));
  const timer = setTimeout(() => child.kill('SIGKILL'), limitMs);
  try {
    const ended = once(child, 'exit').then(() => undefined);
    const result = new Promise((resolve) => {
      child.on('message', async ({ ask, argument, id, result: found }) => {
        if (found !== undefined) return resolve(found);
        if (ask === 'delete') await deleteKeysWith(server.url, argument);
        else await server[ask]();
        child.send({ id });
      });
    });
    const outcome = await Promise.race([result, ended]);
    if (outcome === undefined) {
      console.error(said.trim().split('\n').slice(0, 6).join('\n'));
      return { good: false, told: 'the process ended' };
    }
    return outcome;
  } finally {
    clearTimeout(timer);
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
    // Rejects for a server that a trial stopped.
    await server.resume().catch(() => undefined);
    await server.stop();
  }
}

async function deleteKeysWith(url, text) {
  const client = new Redis(url);
  try {
    const keys = await client.keys(`*${text}*`);
    if (keys.length > 0) await client.del(...keys);
  } finally {
    client.disconnect();
  }
}

async function writeTable() {
  const path = join(root, 'docs', 'comparison.md');
  const page = await readFile(path, 'utf8');
  const versions = await Promise.all(
    names.map(async (name) => {
      if (name === 'nestjs-cache-infra') return name;
      const file = join(root, 'benchmarks', 'peers', 'node_modules', name, 'package.json');
      return `${name} ${JSON.parse(await readFile(file, 'utf8')).version}`;
    }),
  );
  const line = (cells) => `| ${cells.join(' | ')} |`;
  const mark = ({ good, told }) => `${good ? '✓' : '✗'} ${told}`;
  const table = [
    line(['', ...versions]),
    line(['---', ...versions.map(() => '---')]),
    ...rows.map(({ trial, cells }) => line([trials[trial].title, ...cells.map(mark)])),
  ].join('\n');
  const [begin, end] = ['<!-- make compare: begin -->', '<!-- make compare: end -->'];
  const [before, rest] = page.split(begin);
  const after = rest?.split(end)[1];
  if (after === undefined) throw new Error(`docs/comparison.md has no ${begin} … ${end}`);
  await writeFile(path, `${before}${begin}\n\n${table}\n\n${end}${after}`);
  await run('npx', ['prettier', '--write', path], { show: false });
}
