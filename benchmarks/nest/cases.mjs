// Cases of NestJS applications: requests to a cached route, calls of a cached method.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

import { rotation } from '../lib/statistics.mjs';
import { race } from '../peers/race.mjs';

const variants = [
  'none',
  'an interceptor that gives a constant',
  'nestjs-cache-infra',
  '@nestjs/cache-manager',
];
const entry = fileURLToPath(new URL('http-server.mjs', import.meta.url));
const connections = 32;
const turnSeconds = 1.5;
const warmUpSeconds = 1.5;
const roundsOfServers = 2;

async function start(variant) {
  const child = fork(entry, [variant], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  const [{ port }] = await once(child, 'message');
  return { child, url: `http://127.0.0.1:${port}/answer` };
}

/** Requests a second over `seconds`, by a load generator in this process. */
async function load({ url }, seconds) {
  const autocannon = createRequire(new URL('../peers/package.json', import.meta.url))('autocannon');
  const { requests, non2xx, errors, duration } = await autocannon({ url, connections, duration: seconds });
  if (non2xx > 0 || errors > 0) throw new Error(`${url}: ${non2xx} other answers, ${errors} errors`);
  return requests.total / duration;
}

/** Restarts the servers between groups of rounds, because JIT compilation differs between processes. */
async function httpCase(rounds) {
  const samples = Object.fromEntries(variants.map((variant) => [variant, []]));
  for (let done = 0; done < rounds; done += roundsOfServers) {
    await httpRounds(done, Math.min(rounds, done + roundsOfServers), samples);
  }
  return { unit: 'requests/s', samples };
}

async function httpRounds(from, to, samples) {
  const servers = {};
  try {
    for (const variant of variants) servers[variant] = await start(variant);
    for (const variant of variants) await load(servers[variant], warmUpSeconds);
    for (let round = from; round < to; round++) {
      for (const index of rotation(variants.length, round)) {
        const variant = variants[index];
        samples[variant].push(await load(servers[variant], turnSeconds));
      }
    }
    for (const variant of variants.slice(1)) {
      const { child } = servers[variant];
      child.send('runs?');
      const [{ runs }] = await once(child, 'message');
      // Concurrent first requests.
      if (runs > connections)
        throw new Error(`${variant}: the handler ran ${runs} times, hits were expected`);
    }
  } finally {
    for (const { child } of Object.values(servers)) child.disconnect();
  }
}

export const nestCases = {
  'nest-http': {
    measure: ({ rounds }) => httpCase(Math.min(rounds, 8)),
    /** Code under profile: the application in this process; the load generator runs in another. */
    async work() {
      process.argv[2] = 'nestjs-cache-infra';
      const server = await inThisProcess();
      return () => generate(server);
    },
  },
  'nest-cacheable': {
    async measure(options) {
      const { methodCandidates } = await import('./methods.mjs');
      return { unit: 'ns', samples: await race(await methodCandidates(), options) };
    },
    async work() {
      const { methodCandidates } = await import('./methods.mjs');
      const candidates = await methodCandidates();
      const own = candidates.find(({ name }) => name === '@Cacheable, without arguments');
      return () => own.run(10_000);
    },
  },
};

/** Starts the server in this process and receives the messages to its parent. */
async function inThisProcess() {
  const send = process.send;
  const told = new Promise((resolve) => (process.send = resolve));
  await import('./http-server.mjs');
  const { port } = await told;
  process.send = send;
  return { url: `http://127.0.0.1:${port}/answer` };
}

/** One second of load from another process. */
async function generate({ url }) {
  const autocannon = createRequire(new URL('../peers/package.json', import.meta.url)).resolve('autocannon');
  const child = fork(autocannon, ['-c', String(connections), '-d', '1', url], { stdio: 'ignore' });
  await once(child, 'exit');
}
