// Compares the estimated size of an L1 entry with the heap. Each kind of value runs in a process of its own.
//   npm run build && node benchmarks/entry-size.mjs
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';

import { InMemoryCache } from 'nestjs-cache-infra';

/** Largest error of an estimate, as a fraction of the heap's bytes. */
const limit = 0.2;
const megabytes = 16;

const words = 'lorem ipsum dolor sit amet consectetur adipiscing elit sed do eiusmod tempor'.split(' ');
const flat = (text) => Buffer.from(text, 'utf16le').toString('utf16le');
const ascii = (text) => Buffer.from(text, 'latin1').toString('latin1');
const text = (i, length) => ascii(`${i} ${words[i % words.length]} `.repeat(length).slice(0, length));

/** What an application caches: the value with the number `i`. */
const corpus = {
  'a number': (i) => i,
  'a short string': (i) => text(i, 20),
  'a string of 1 kB': (i) => text(i, 1000),
  'a string of 100 kB': (i) => text(i, 100_000),
  'Cyrillic text, 1000 characters': (i) => flat(`${i} ` + 'привет '.repeat(150).slice(0, 990)),
  'an object of 4 properties': (i) => ({ id: i, name: text(i, 12), active: true, score: i + 0.5 }),
  'an object of 1 kB': (i) => ({
    ...row(i),
    bio: text(i, 700),
    address: { city: text(i, 10), zip: text(i, 5) },
  }),
  'a row of 20 columns': (i) =>
    Object.fromEntries(Array.from({ length: 20 }, (_, c) => [`column${c}`, c % 2 ? text(i + c, 16) : i + c])),
  'a page of 20 rows': (i) => ({ total: i, rows: Array.from({ length: 20 }, (_, r) => row(i + r)) }),
  'a page of 500 rows': (i) => ({ total: i, rows: Array.from({ length: 500 }, (_, r) => row(i + r)) }),
  '100 integers': (i) => Array.from({ length: 100 }, (_, n) => n + i),
  '1000 numbers with fractions': (i) => Array.from({ length: 1000 }, (_, n) => n + i / 7),
  '50 strings': (i) => Array.from({ length: 50 }, (_, n) => text(i + n, 24)),
  'a Buffer of 1 kB': (i) => Buffer.alloc(1000, i),
  'a Buffer of 64 kB': (i) => Buffer.alloc(65_536, i),
  'an embedding, 768 floats': (i) => new Float32Array(768).fill(i),
  'a Map of 30 entries': (i) => new Map(Array.from({ length: 30 }, (_, n) => [text(n + i, 12), n])),
  'a Set of 30 strings': (i) => new Set(Array.from({ length: 30 }, (_, n) => text(n + i, 12))),
  'an object with dates': (i) => ({ id: i, createdAt: new Date(i), updatedAt: new Date(i) }),
};

function row(i) {
  return {
    id: i,
    name: text(i, 16),
    email: text(i, 24),
    role: text(i, 6),
    createdAt: text(i, 24),
    age: i % 90,
  };
}

const options = { plain: {}, 'with tags and grace': { tags: ['users'], grace: 60 } };

async function measure(kind, how) {
  const make = corpus[kind];
  // A first cache finds how many entries fill the memory, and lets V8 settle the shapes of the objects.
  const first = new InMemoryCache({ maxSize: 1000, maxBytes: '100mb' });
  for (let i = 0; i < 100; i++) await first.set(`${i}`, make(i), options[how]);
  const count = Math.min(100_000, Math.round((megabytes * 2 ** 20) / (first.stats().bytes / 100)));
  const cache = new InMemoryCache({ maxSize: count, maxBytes: '1gb' });
  await cache.set('settled', 1);
  await cache.clear();
  const before = held();
  for (let i = 0; i < count; i++) await cache.set(ascii(`item:${i}`), make(i), options[how]);
  const bytes = (held() - before) / cache.stats().size;
  return { bytes, estimate: cache.stats().bytes / cache.stats().size };
}

function held() {
  for (let i = 0; i < 4; i++) globalThis.gc();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

function inProcess(kind, how) {
  return new Promise((resolve, reject) => {
    const child = fork(fileURLToPath(import.meta.url), [kind, how], { execArgv: ['--expose-gc'] });
    child.once('message', resolve);
    child.once('exit', (code) => {
      if (code !== 0) reject(new Error(`${kind}: exit code ${code}`));
    });
  });
}

const [kind, how] = process.argv.slice(2);
if (kind !== undefined && process.send !== undefined) {
  const result = await measure(kind, how);
  process.send(result, () => process.exit(0));
} else {
  console.log(`Node ${process.version}, ${process.arch}\n`);
  console.log('| value | stored | heap, bytes | estimate | error |');
  console.log('| --- | --- | --- | --- | --- |');
  let worst = 0;
  for (const name of Object.keys(corpus)) {
    for (const stored of Object.keys(options)) {
      const { bytes, estimate } = await inProcess(name, stored);
      const error = estimate / bytes - 1;
      worst = Math.max(worst, Math.abs(error));
      const percent = `${error < 0 ? '' : '+'}${(error * 100).toFixed(1)} %`;
      console.log(`| ${name} | ${stored} | ${bytes.toFixed(0)} | ${estimate.toFixed(0)} | ${percent} |`);
    }
  }
  console.log(`\nLargest error: ${(worst * 100).toFixed(1)} %, limit ${limit * 100} %.`);
  if (worst > limit) process.exitCode = 1;
}
