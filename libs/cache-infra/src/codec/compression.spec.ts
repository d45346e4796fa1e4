import { brotliCompressSync } from 'node:zlib';
import { randomFillSync } from 'node:crypto';
import { Codec, type DecodedEntry, type EntryMeta } from './codec.js';
import {
  compressionAlgorithms,
  compressionLevels,
  hasZstd,
  type CompressionAlgorithm,
} from './compression.js';
import { KeyRing } from './encryption.js';
import { algorithmFlag, compressedFlag, headerBytes, sealEntry } from './header.js';
import { snapshot } from '../values/snapshot.js';
import { zstd } from './zstd.js';

const redisKey = 'cache::key';
const meta: EntryMeta = {
  ...{ stamp: 1_750_000_000_123, nonce: 7, ttlMs: 60_000, graceMs: 0, tagEpoch: 9, tags: ['users'] },
};
const maxValueBytes = 1 << 20;

/** The algorithms that this Node has. */
const available = compressionAlgorithms.filter((name) => name !== 'zstd' || hasZstd);
const algorithmsWithIds = { brotli: 1, zstd: 2 };

function codecOf(
  compressionAlgorithm?: CompressionAlgorithm,
  compressionLevel?: number,
  encryption?: KeyRing,
): Codec {
  return new Codec({
    ...{ enableCompression: true, compressionThreshold: 100, maxValueBytes },
    ...{ compressionAlgorithm, compressionLevel, encryption },
  });
}

/** A text entry whose payload says that another algorithm than deflate made it. */
function forged(id: number, rawBytes: number, stream: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(rawBytes);
  const entry = Buffer.concat([Buffer.alloc(headerBytes), Buffer.from([id]), length, stream]);
  sealEntry(entry, 1 | compressedFlag | algorithmFlag, { ...meta, tagEpoch: 0, tags: undefined });
  return entry;
}

async function decoded(bytes: Buffer, codec = codecOf()): Promise<DecodedEntry> {
  return codec.decode(bytes, redisKey);
}

/** `'abc '` 300 times, compressed by Node 24. */
const zstdOfAbc = Buffer.from('KLUv/WCwA10AACBhYmMgAQCp/Dsi', 'base64');
const abc = 'abc '.repeat(300);
const value = { orders: Array.from({ length: 40 }, (_, number) => ({ number, status: 'open', note: abc })) };

describe.each(available)('compression by %s', (algorithm) => {
  const { least, most } = compressionLevels[algorithm];

  it.each([undefined, least, most])('level %p: any cache reads the value, small and large', async (level) => {
    for (const each of [abc, value, Buffer.from(abc)]) {
      const codec = codecOf(algorithm, level);
      const bytes = await codec.encode(snapshot(each), meta, redisKey);
      expect(codec.compression.count).toBe(1);
      expect(bytes.length).toBeLessThan(700);
      expect(await decoded(bytes)).toEqual({ ok: true, value: each, meta });
    }
  });

  it('is skipped for bytes that it does not make smaller', async () => {
    const noise = randomFillSync(Buffer.alloc(5000));
    const codec = codecOf(algorithm);
    const bytes = await codec.encode(snapshot(noise), meta, redisKey);
    expect(codec.compression.count).toBe(0);
    expect(await decoded(bytes)).toMatchObject({ ok: true, value: noise });
  });

  it('runs off the event loop for large values, both ways', async () => {
    const codec = codecOf(algorithm);
    const encoding = codec.encode(snapshot(value), meta, redisKey);
    expect(encoding).toBeInstanceOf(Promise);
    expect(codec.decode(await encoding, redisKey)).toBeInstanceOf(Promise);
    expect(codec.encode(snapshot(abc), meta, redisKey)).toBeInstanceOf(Buffer);
  });

  it('is encrypted', async () => {
    const codec = codecOf(algorithm, undefined, new KeyRing([{ id: 'a', key: Buffer.alloc(32, 1) }]));
    const bytes = await codec.encode(snapshot(value), meta, redisKey);
    expect(await decoded(bytes, codec)).toEqual({ ok: true, value, meta });
  });
});

describe('the algorithm in an entry', () => {
  it('deflate goes unnamed: an earlier release reads it', () => {
    const bytes = codecOf('deflate').encode(snapshot(abc), meta, redisKey) as Buffer;
    expect(bytes.readUInt8(1) & (compressedFlag | algorithmFlag)).toBe(compressedFlag);
  });

  it(`zstd: ${hasZstd ? 'read' : 'a miss of its own kind, on a Node without it'}`, async () => {
    expect(await decoded(forged(algorithmsWithIds.zstd, abc.length, zstdOfAbc))).toMatchObject(
      hasZstd ? { ok: true, value: abc } : { ok: false, reason: 'unknown-compression' },
    );
  });

  it('one that no release has yet is a miss of the same kind', async () => {
    expect(await decoded(forged(9, abc.length, zstdOfAbc))).toEqual({
      ok: false,
      reason: 'unknown-compression',
    });
  });

  it('named by an entry that is not compressed, or that ends before its stream', async () => {
    const uncompressed = forged(1, 4, Buffer.from('text'));
    sealEntry(uncompressed, 1 | algorithmFlag, meta);
    expect(await decoded(uncompressed)).toEqual({ ok: false, reason: 'format' });
    for (const missing of [0, 1, 3, 5]) {
      const cut = forged(1, 4, Buffer.alloc(0)).subarray(0, headerBytes + 5 - missing);
      sealEntry(cut, 1 | compressedFlag | algorithmFlag, { ...meta, tagEpoch: 0, tags: undefined });
      expect(await decoded(cut)).toEqual({ ok: false, reason: 'format' });
    }
  });
});

describe('guarantee 8: a decompression bomb', () => {
  const zeros = Buffer.alloc(50 << 20);
  const streams: readonly (readonly [string, number, Buffer])[] = [
    ['brotli', algorithmsWithIds.brotli, brotliCompressSync(zeros, { params: { 1: 5 } })],
    ...(zstd === undefined
      ? []
      : [['zstd', algorithmsWithIds.zstd, zstd.zstdCompressSync(zeros, {})] as const]),
  ];

  it.each(streams)(
    '%s: produces no more than it announces, and that within the limit',
    async (_, id, bomb) => {
      expect(await decoded(forged(id, zeros.length, bomb))).toEqual({ ok: false, reason: 'too-large' });
      for (const claimed of [0, 1000, 100_000])
        expect(await decoded(forged(id, claimed, bomb))).toEqual({ ok: false, reason: 'format' });
    },
  );

  it.each(streams)('%s: a damaged stream of a valid checksum', async (_, id, bomb) => {
    const damaged = Buffer.from(bomb).fill(0xff, 0, 8);
    for (const claimed of [1000, 1_000_000])
      expect(await decoded(forged(id, claimed, damaged))).toEqual({ ok: false, reason: 'format' });
  });

  it('a stream that claims more than its algorithm can make', async () => {
    if (zstd === undefined) return;
    const stream = Buffer.from('28b52ffd', 'hex');
    expect(await decoded(forged(algorithmsWithIds.zstd, maxValueBytes, stream))).toEqual({
      ok: false,
      reason: 'format',
    });
  });

  it(`a few bytes of zstd that ask for a window of 128 MiB${hasZstd ? '' : ', on a Node without it'}`, async () => {
    // RFC 8878: magic, frame header, window descriptor, and a last raw block of four bytes.
    const frame = (windowLog: number): Buffer =>
      Buffer.concat([
        Buffer.from('28b52ffd00', 'hex'),
        Buffer.from([(windowLog - 10) << 3, 33, 0, 0, ...text]),
      ]);
    const text = Buffer.from('text');
    const read = (windowLog: number): unknown => decoded(forged(algorithmsWithIds.zstd, 4, frame(windowLog)));
    const unknown = { ok: false, reason: 'unknown-compression' };
    expect(await read(23)).toMatchObject(hasZstd ? { value: 'text' } : unknown);
    expect(await read(27)).toEqual(hasZstd ? { ok: false, reason: 'format' } : unknown);
  });
});
