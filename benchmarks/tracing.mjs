// Measures what tracing costs: the same calls with and without it, in turns of one process, as ratios.
//   npm run build && node --expose-gc benchmarks/tracing.mjs
//   BEFORE=<folder of another build> adds this build against that one, with everything off
//   WRITE=1 writes the section "What observation costs" of docs/performance.md
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { context, trace } from '@opentelemetry/api';
import {
  BasicTracerProvider,
  ParentBasedSampler,
  TraceIdRatioBasedSampler,
} from '@opentelemetry/sdk-trace-base';
import { tracingChannel } from 'node:diagnostics_channel';
import { readFile, writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

import { CachePerformanceMonitor, InMemoryCache } from 'nestjs-cache-infra';
import { CacheOpenTelemetry } from 'nestjs-cache-infra/otel';
import { format } from 'prettier';

import { spread, table } from './lib/markdown.mjs';
import { pairedRatios, summarize } from './lib/statistics.mjs';

const rounds = Number(process.env.ROUNDS ?? 41);
const keys = Array.from({ length: 256 }, (_, i) => `user:${i}`);
const value = { id: 7, name: 'Ada', city: 'London', roles: ['admin'], active: true };
const load = () => value;

context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
/** Everything that an exporter gets, thrown away. */
const dropping = {
  onStart: () => undefined,
  onEnd: () => undefined,
  forceFlush: () => Promise.resolve(),
  shutdown: () => Promise.resolve(),
};
const provider = (sampler) =>
  new BasicTracerProvider({ spanProcessors: [dropping], ...(sampler && { sampler }) });
const onePercent = provider(new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(0.01) }));
const everyRequest = provider();

/** Calls of one request. */
const callsOfRequest = 20;

const hit = {
  title: 'L1 hit, `getOrSet`',
  calls: 20_000,
  run: (cache, i) => cache.getOrSet(keys[i & 255], load),
};
const miss = {
  title: 'a load in memory, `getOrSet`',
  calls: 4000,
  run: (cache, i, round) => cache.getOrSet(`${round}:${i}`, load),
};
const set = { title: '`set` in memory', calls: 10_000, run: (cache, i) => cache.set(keys[i & 255], value) };

// The cases with requests come last: on Node 20 the first context of a process makes its promises slower from then on.
/** `requests`: the provider that makes the spans of the requests around the calls, on both sides. */
const cases = [
  ...[hit, set, miss].map((work) => ({ work, what: 'OpenTelemetry, no SDK', options: {} })),
  ...[hit, set, miss].map((work) => ({ work, what: 'diagnostics channels subscribed', subscribes: true })),
  ...[hit, set, miss].map((work) => ({
    ...{ work, what: 'OpenTelemetry, 1 % of requests recorded', requests: onePercent },
    options: { tracerProvider: onePercent },
  })),
  ...[hit, set, miss].map((work) => ({
    ...{ work, what: 'OpenTelemetry, every request recorded', requests: everyRequest },
    options: { tracerProvider: everyRequest },
  })),
  {
    ...{ work: hit, what: 'the same, `sampleEvery: 1`', requests: everyRequest },
    options: { tracerProvider: everyRequest, sampleEvery: 1 },
  },
  {
    ...{ work: hit, what: '`sampleEvery: 1`, 1 % of requests recorded', requests: onePercent },
    options: { tracerProvider: onePercent, sampleEvery: 1 },
  },
];

const rows = [];
const before =
  process.env.BEFORE && (await import(pathToFileURL(resolve(process.env.BEFORE, 'index.mjs')).href));
if (before !== undefined)
  for (const work of [hit, set, miss])
    await measure({ work, what: 'nothing, against the build before', before });
for (const each of cases) await measure(each);

const head = `Node ${process.version}, ${cpus()[0]?.model ?? process.arch}, ${rounds} rounds`;
const text = table(['call', 'observed by', 'without, ns', 'with, ns', 'ratio'], rows);
console.log(`${head}\n\n${text}`);
if (process.env.WRITE === '1') await write();

async function measure({ work, what, options, requests, subscribes = false, before: other }) {
  const monitor = () => new CachePerformanceMonitor();
  const sides = [
    new (other ?? { InMemoryCache }).InMemoryCache({ name: 'without', maxSize: 10_000, monitor: monitor() }),
    new InMemoryCache({ name: 'with', maxSize: 10_000, monitor: monitor() }),
  ];
  const telemetry = options && new CacheOpenTelemetry({ metrics: false, ...options });
  telemetry?.watch(sides[1]);
  const channel = tracingChannel('nestjs-cache-infra:operation');
  const subscribers = { asyncEnd: () => undefined, start: () => undefined };
  const times = [[], []];
  for (let round = -5; round < rounds; round++) {
    const pair = [0, 0];
    // The order alternates between rounds; the first rounds are warm-up.
    for (const side of round % 2 === 0 ? [0, 1] : [1, 0]) {
      if (subscribes && side === 1) channel.subscribe(subscribers);
      pair[side] = await timed(sides[side], work, round, requests);
      if (subscribes && side === 1) channel.unsubscribe(subscribers);
    }
    if (round < 0) continue;
    for (const side of [0, 1]) times[side].push(pair[side]);
  }
  telemetry?.close();
  await Promise.all(sides.map((cache) => cache.close()));
  const figures = [...times, pairedRatios(times[1], times[0])].map((each) => spread(summarize(each)));
  rows.push([work.title, what, ...figures]);
  console.error([work.title, what, ...figures].join(' | '));
}

/** Nanoseconds per call. */
async function timed(cache, { calls, run }, round, requests) {
  for (const key of keys) await cache.getOrSet(key, load);
  globalThis.gc?.();
  const start = process.hrtime.bigint();
  if (requests === undefined) {
    for (let i = 0; i < calls; i++) await run(cache, i, round);
  } else {
    const tracer = requests.getTracer('requests');
    for (let i = 0; i < calls; i += callsOfRequest) {
      const span = tracer.startSpan('GET /');
      await context.with(trace.setSpan(context.active(), span), async () => {
        for (let n = 0; n < callsOfRequest; n++) await run(cache, i + n, round);
      });
      span.end();
    }
  }
  return Number(process.hrtime.bigint() - start) / calls;
}

/** Replaces the section in the document; `make bench-peers` leaves it as it is. */
async function write() {
  const path = join(import.meta.dirname, '..', 'docs', 'performance.md');
  const heading = '## What observation costs';
  const [first = '', ...others] = (await readFile(path, 'utf8')).split(/^(?=## )/m);
  const at = others.findIndex((section) => section.startsWith(heading));
  const section = [
    heading,
    'Written by `WRITE=1 node --expose-gc benchmarks/tracing.mjs`. Both sides have a `CachePerformanceMonitor`, and take turns in one process. ' +
      `A request has ${callsOfRequest} calls; its own span is on both sides. Spans are thrown away when they end. ` +
      `Shown are medians and middle halves. ${head}.`,
    'The loader of the benchmark costs nothing: what a load takes longer, about 20 µs with a request that is not recorded, adds to the time of a real origin. ' +
      'One L1 hit in 1024 gets a span by default, if its request is recorded.',
    text,
  ].join('\n\n');
  if (at >= 0) others.splice(at, 1, section);
  else
    others.splice(
      Math.max(
        0,
        others.findIndex((it) => it.startsWith('## Where it was measured')),
      ),
      0,
      section,
    );
  const whole = [first, ...others].map((part) => part.trimEnd()).join('\n\n');
  await writeFile(
    path,
    await format(`${whole}\n`, { parser: 'markdown', printWidth: 110, singleQuote: true }),
  );
}
