// Compares serializers, compressions and copies: the figures of docs/decisions/serializer.md.
//   node benchmarks/serializers.mjs [rounds]
// Candidates are interleaved within each round; a figure is the median over the rounds.
import { isDeepStrictEqual, promisify } from 'node:util';
import v8 from 'node:v8';
import zlib from 'node:zlib';
import { Encoder as CborEncoder } from 'cbor-x';
import { Packr } from 'msgpackr';

import '../scripts/lib/typescript.mjs';

const { Codec } = await import('../libs/cache-infra/src/codec/codec.ts');
const { cloneValue } = await import('../libs/cache-infra/src/values/clone.ts');
const { CacheTypes } = await import('../libs/cache-infra/src/values/cache-type.ts');
const { decodeExtended, encodeExtended } = await import('../libs/cache-infra/src/codec/extended-json.ts');
const { snapshot } = await import('../libs/cache-infra/src/values/snapshot.ts');

const rounds = Number(process.argv[2] ?? 31);
const roundMs = 4;

/** mulberry32, for the same data in every run. */
function seeded(seed) {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

const random = seeded(42);
const words = 'cache entry loader stampede lease grace tag namespace coherence breaker tier value'.split(' ');
const pick = () => words[Math.floor(random() * words.length)];
const text = (count) => Array.from({ length: count }, pick).join(' ');
const user = (id) => ({
  id,
  name: text(2),
  email: `${pick()}.${id}@example.com`,
  age: 20 + Math.floor(random() * 60),
  active: random() < 0.5,
  score: random(),
  city: pick(),
  country: null,
  role: pick(),
  createdAt: '2025-01-01T00:00:00.000Z',
});
const mapDateMix = () => ({
  createdAt: new Date(1_700_000_000_000),
  counts: new Map(Array.from({ length: 10 }, (_, i) => [`${pick()}${i}`, Math.floor(random() * 1000)])),
  tags: new Set(words),
  total: 12345678901234567890n,
  missing: undefined,
  ratio: NaN,
  owner: user(1),
});

const data = {
  '10 fields': user(7),
  '1 kB object': {
    ...user(1),
    address: { street: text(3), zip: '12345' },
    bio: text(80),
    friends: [user(2)],
  },
  '100 kB object': { items: Array.from({ length: 480 }, (_, id) => user(id)) },
  'Map/Date mix': mapDateMix(),
  'Float32Array(1536)': { model: 'm', vector: Float32Array.from({ length: 1536 }, random) },
};

const packr = new Packr({ structuredClone: true });
const cbor = new CborEncoder({ structuredClone: true });
const meta = { stamp: 1_750_000_000_000, nonce: 1, ttlMs: 60_000, graceMs: 0, tagEpoch: 0, tags: undefined };
const codec = new Codec({
  enableCompression: false,
  compressionThreshold: 1000,
  compressionLevel: 6,
  maxValueBytes: 2 ** 26,
});

const decoding = { types: new CacheTypes(), maxNodes: 2_000_000 };
const serializers = {
  JSON: [(v) => Buffer.from(JSON.stringify(v)), (b) => JSON.parse(b.toString())],
  'extended JSON': [(value) => encodeExtended(value, false), (bytes) => decodeExtended(bytes, decoding)],
  'v8.serialize': [(v) => v8.serialize(v), (b) => v8.deserialize(b)],
  msgpackr: [(v) => Buffer.from(packr.pack(v)), (b) => packr.unpack(b)],
  'cbor-x': [(v) => Buffer.from(cbor.encode(v)), (b) => cbor.decode(b)],
};

/** Median nanoseconds per call, the candidates interleaved. */
function race(candidates) {
  const batches = candidates.map((run) => {
    const start = process.hrtime.bigint();
    for (let i = 0; i < 50; i++) run();
    const each = Number(process.hrtime.bigint() - start) / 50;
    return Math.max(1, Math.round((roundMs * 1e6) / each));
  });
  const samples = candidates.map(() => []);
  for (let round = -3; round < rounds; round++) {
    candidates.forEach((run, at) => {
      const start = process.hrtime.bigint();
      for (let i = 0; i < batches[at]; i++) run();
      if (round >= 0) samples[at].push(Number(process.hrtime.bigint() - start) / batches[at]);
    });
  }
  return samples.map(median);
}

function median(values) {
  return values.toSorted((a, b) => a - b)[values.length >> 1];
}

const micros = (ns) => (ns / 1000).toFixed(ns < 10_000 ? 2 : 0);
const row = (...cells) => console.log(`| ${cells.join(' | ')} |`);
const heading = (...cells) => {
  row(...cells);
  row(...cells.map(() => '---'));
};

console.log(`Node ${process.version}, ${process.arch}, ${rounds} rounds, medians\n`);

console.log('### Serializers (µs)\n');
heading('value', 'serializer', 'bytes', 'encode', 'decode', 'same value back');
for (const [name, value] of Object.entries(data)) {
  const { json } = snapshot(value);
  const contenders = Object.entries(serializers).filter(([serializer]) => json || serializer !== 'JSON');
  const encoded = contenders.map(([, [encode]]) => encode(value));
  const encodes = race(
    contenders.map(
      ([, [encode]]) =>
        () =>
          encode(value),
    ),
  );
  const decodes = race(
    contenders.map(
      ([, [, decode]], at) =>
        () =>
          decode(encoded[at]),
    ),
  );
  contenders.forEach(([serializer, [, decode]], at) => {
    const same = isDeepStrictEqual(decode(encoded[at]), value) ? 'yes' : 'no';
    row(name, serializer, encoded[at].length, micros(encodes[at]), micros(decodes[at]), same);
  });
}

console.log('\n### Whole entries: header, checksum and payload (µs)\n');
heading('value', 'snapshot', 'encode', 'decode', 'JSON.stringify', 'JSON.parse(string)');
for (const [name, value] of Object.entries(data)) {
  const taken = snapshot(value);
  const { json } = taken;
  const bytes = codec.encode(taken, meta);
  const asJson = json ? JSON.stringify(value) : '0';
  const runs = [() => snapshot(value), () => codec.encode(taken, meta), () => codec.decode(bytes)];
  if (json)
    runs.push(
      () => JSON.stringify(value),
      () => JSON.parse(asJson),
    );
  const [copied, encoded, decoded, stringified = '–', parsed = '–'] = race(runs).map(micros);
  row(name, copied, encoded, decoded, stringified, parsed);
}

console.log('\n### Copies for `get` (µs)\n');
heading('value', 'cloneValue', 'JSON.parse(JSON.stringify())', 'structuredClone');
for (const [name, value] of Object.entries(data)) {
  const { json } = snapshot(value);
  const copies = [() => cloneValue(value), () => structuredClone(value)];
  if (json) copies.push(() => JSON.parse(JSON.stringify(value)));
  const [clone, structured, viaJson] = race(copies).map(micros);
  row(name, clone, viaJson ?? '–', structured);
}

console.log('\n### Compression: text of a 100 kB object, level 6 (µs)\n');
heading(
  'bytes',
  'deflateRawSync',
  'deflateRaw, main thread',
  'inflateRawSync',
  'inflateRaw, main thread',
  'ratio',
);
const deflate = promisify(zlib.deflateRaw);
const inflate = promisify(zlib.inflateRaw);
const source = Buffer.from(JSON.stringify(data['100 kB object']));
for (const size of [1, 2, 4, 8, 16, 32, 64].map((kb) => kb * 1024)) {
  const raw = source.subarray(0, size);
  const packed = zlib.deflateRawSync(raw);
  const options = { maxOutputLength: size, chunkSize: size };
  const [deflateSync, inflateSync] = race([
    () => zlib.deflateRawSync(raw),
    () => zlib.inflateRawSync(packed, options),
  ]);
  const deflateMain = await mainThread(() => deflate(raw));
  const inflateMain = await mainThread(() => inflate(packed, options));
  row(
    size,
    ...[deflateSync, deflateMain, inflateSync, inflateMain].map(micros),
    (size / packed.length).toFixed(1),
  );
}

/** Time for which an asynchronous call keeps the event loop busy. */
async function mainThread(run) {
  const samples = [];
  for (let round = 0; round < rounds * 3; round++) {
    const idleBefore = performance.eventLoopUtilization();
    for (let i = 0; i < 20; i++) await run();
    samples.push((performance.eventLoopUtilization(idleBefore).active * 1e6) / 20);
  }
  return median(samples);
}
