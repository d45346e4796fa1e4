import { randomBytes } from 'node:crypto';
import { deflateRawSync } from 'node:zlib';

import { snapshot } from '../values/snapshot.js';
import { Codec, type CodecOptions, type EntryMeta } from './codec.js';
import { hasZstd } from './compression.js';
import { KeyRing } from './encryption.js';
import { formatOf, metaOf, restamp, versionBytes, versionIdOf } from './entry-head.js';
import { algorithmFlag, headerBytes, versionId } from './header.js';

const plain: EntryMeta = {
  stamp: 1_750_000_000_123,
  nonce: 0xfedcba98,
  ttlMs: 3_600_000,
  graceMs: 0,
  tagEpoch: 0,
  tags: undefined,
};
const tagged: EntryMeta = { ...plain, graceMs: 5000, tagEpoch: 17, tags: ['users', 'größe'] };
const versioned: EntryMeta = { ...plain, version: 3 };
const ring = new KeyRing([{ id: 'a', key: randomBytes(32) }]);

async function entryOf(
  meta: EntryMeta,
  options: Partial<CodecOptions> = {},
  value: unknown = 'value',
): Promise<Buffer> {
  const limits = { compressionThreshold: 100, compressionLevel: 6, maxValueBytes: 1 << 20 };
  const codec = new Codec({ enableCompression: true, ...limits, ...options });
  return codec.encode(snapshot(value), meta, 'cache::key');
}

const long = 'x'.repeat(1000);

describe.each(['binary', 'json'] as const)('the first bytes of an entry in %s', (format) => {
  it('tell its format', async () => {
    expect(formatOf(await entryOf(plain, { format }))).toBe(format);
  });

  it('tell its version id: stamp and nonce', async () => {
    const entry = await entryOf(tagged, { format });
    expect(versionIdOf(entry.subarray(0, versionBytes))).toEqual(versionId(tagged.stamp, tagged.nonce));
    const later = restamp(entry, plain.stamp + 1);
    expect(versionIdOf(later)).toEqual(versionId(plain.stamp + 1, plain.nonce));
    expect(versionIdOf(entry)).toEqual(versionId(plain.stamp, plain.nonce));
  });

  it.each([
    ['no tags', plain],
    ['tags', tagged],
    ['a version', versioned],
  ])('tell its metadata, with %s', async (_, meta) => {
    const entry = await entryOf(meta, { format }, long);
    expect(metaOf(entry)).toMatchObject({ ...meta });
    expect(metaOf(restamp(entry, 7))).toMatchObject({ ...meta, stamp: 7 });
  });

  it('demand the whole entry where they end before the metadata', async () => {
    const entry = await entryOf(tagged, { format });
    expect(metaOf(entry.subarray(0, headerBytes - 1))).toBe('whole');
    expect(metaOf(entry.subarray(0, headerBytes + 3))).toBe('whole');
  });
});

describe('the first bytes of an entry', () => {
  it('tell nothing if there are none', () => {
    expect(metaOf(Buffer.alloc(0))).toBeUndefined();
  });

  it('tell the ttl of an encrypted entry, and demand the whole one for its tags', async () => {
    const { ttlMs } = plain;
    expect(metaOf(await entryOf(plain, { encryption: ring }))).toMatchObject({ ttlMs });
    expect(metaOf(await entryOf(tagged, { encryption: ring }))).toBe('whole');
  });

  it('demand the whole entry for another format version', async () => {
    const entry = Buffer.from(await entryOf(plain));
    entry.writeUInt8(9, 0);
    expect(metaOf(entry)).toBe('whole');
  });

  it('demand the whole entry where this Node lacks its algorithm', async () => {
    const entry = Buffer.from(await entryOf(plain));
    entry.writeUInt8(entry.readUInt8(1) | algorithmFlag, 1);
    expect(metaOf(entry) === 'whole').toBe(!hasZstd);
  });

  it('of other bytes still have an id, as in the scripts of Redis', () => {
    const bytes = deflateRawSync(randomBytes(50));
    expect(versionIdOf(bytes)).toEqual(bytes.subarray(6, 16));
    const json = Buffer.from('{"at":"never","id":"fedcba98"} and more bytes');
    expect(versionIdOf(json)).toEqual(json.subarray(6, 16));
  });

  it.each([
    '{"at":  1750000000123,"id":"fedcba98",oops,"value":1}',
    '{"at": 17,"id":"fedcba98","ttl":-1,"value":1}',
  ])('of broken JSON demand the whole entry: %s', (text) => {
    expect(metaOf(Buffer.from(text))).toBe('whole');
  });
});
