// Compares the compressions of Node on JSON: the figures of docs/decisions/compression.md.
//   node benchmarks/compression.mjs [rounds]
// Candidates are interleaved within each round; a figure is the median over the rounds.
import zlib from 'node:zlib';

import { environment } from './lib/environment.mjs';
import { figure, table } from './lib/markdown.mjs';
import { seeded } from './lib/random.mjs';
import { quantile, rotation } from './lib/statistics.mjs';

const rounds = Number(process.argv[2] ?? 31);
const roundMs = 4;

const random = seeded(42);
const words = 'cache entry loader stampede lease grace tag namespace coherence breaker tier value'.split(' ');
const pick = () => words[Math.floor(random() * words.length)];
const id = () => Array.from({ length: 4 }, () => Math.floor(random() * 2 ** 32).toString(16)).join('-');

function order(number) {
  return {
    number,
    id: id(),
    customer: { name: `${pick()} ${pick()}`, email: `${pick()}.${number}@example.com`, country: null },
    createdAt: new Date(1_700_000_000_000 + Math.floor(random() * 1e10)).toISOString(),
    status: random() < 0.5 ? 'open' : 'closed',
    total: Math.round(random() * 1e6) / 100,
    note: Array.from({ length: 8 }, pick).join(' '),
  };
}

/** JSON of about this many bytes, a list of records. */
function json(bytes) {
  const orders = [];
  let length = 2;
  while (length < bytes) {
    const next = order(orders.length);
    orders.push(next);
    length += JSON.stringify(next).length + 1;
  }
  return Buffer.from(JSON.stringify(orders));
}

const { BROTLI_PARAM_QUALITY: quality, BROTLI_PARAM_SIZE_HINT: hint } = zlib.constants;
const { ZSTD_c_compressionLevel: zstdLevel } = zlib.constants;
const whole = (raw) => ({ maxOutputLength: raw.length, chunkSize: Math.max(64, raw.length) });

const deflate = (level) => ({
  name: `deflate ${level}`,
  compress: (raw) => zlib.deflateRawSync(raw, { level }),
  decompress: (bytes, raw) => zlib.inflateRawSync(bytes, whole(raw)),
});
const gzip = (level) => ({
  name: `gzip ${level}`,
  compress: (raw) => zlib.gzipSync(raw, { level }),
  decompress: (bytes, raw) => zlib.gunzipSync(bytes, whole(raw)),
});
const brotli = (level) => ({
  name: `brotli ${level}`,
  compress: (raw) => zlib.brotliCompressSync(raw, { params: { [quality]: level, [hint]: raw.length } }),
  decompress: (bytes, raw) => zlib.brotliDecompressSync(bytes, whole(raw)),
});
const zstd = (level) => ({
  name: `zstd ${level}`,
  compress: (raw) =>
    zlib.zstdCompressSync(raw, { params: { [zstdLevel]: level }, pledgedSrcSize: raw.length }),
  decompress: (bytes, raw) => zlib.zstdDecompressSync(bytes, whole(raw)),
});

const candidates = [
  ...[1, 3, 6, 9].map(deflate),
  gzip(6),
  ...[1, 3, 4, 5, 9].map(brotli),
  ...('zstdCompressSync' in zlib ? [1, 3, 6, 9, 15].map(zstd) : []),
];

const { node, processor } = environment();
console.log(`Node ${node}, ${processor}, ${rounds} rounds, medians`);
for (const [words, bytes] of Object.entries({ '2 kB': 2000, '30 kB': 30_000, '1 MB': 1_000_000 })) {
  const raw = json(bytes);
  const packed = candidates.map(({ compress }) => compress(raw));
  const compress = race(candidates.map((each) => () => each.compress(raw)));
  const decompress = race(candidates.map((each, at) => () => each.decompress(packed[at], raw)));
  const rows = candidates.map(({ name }, at) => [
    name,
    figure(compress[at]),
    figure(decompress[at]),
    packed[at].length.toLocaleString('en-US'),
    `${((packed[at].length / raw.length) * 100).toFixed(1)} %`,
  ]);
  console.log(`\n### JSON of ${words} (${raw.length.toLocaleString('en-US')} bytes)\n`);
  console.log(table(['algorithm, level', 'compress (µs)', 'decompress (µs)', 'bytes', 'of the JSON'], rows));
}

/** Median microseconds per call. */
function race(calls) {
  const batches = calls.map((call) => {
    const start = performance.now();
    call();
    return Math.max(1, Math.round(roundMs / (performance.now() - start)));
  });
  const samples = calls.map(() => []);
  for (let round = -3; round < rounds; round++) {
    for (const at of rotation(calls.length, round + 3)) {
      const start = performance.now();
      for (let i = 0; i < batches[at]; i++) calls[at]();
      if (round >= 0) samples[at].push(((performance.now() - start) * 1000) / batches[at]);
    }
  }
  return samples.map((each) => quantile(each, 0.5));
}
