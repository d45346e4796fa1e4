import { Codec, type CodecOptions, type EntryMeta } from './codec.js';
import { encodingOf } from './encoding.js';
import { KeyRing } from './encryption.js';
import { snapshot } from '../values/snapshot.js';

const meta: EntryMeta = { ...{ stamp: 1, nonce: 1, ttlMs: 0, graceMs: 0, tagEpoch: 1, tags: ['tag'] } };
const text = 'abc '.repeat(100);
const encryption = new KeyRing([{ id: 'a', key: Buffer.alloc(32, 1) }]);

async function entry(options: Partial<CodecOptions>): Promise<Buffer> {
  const common = { enableCompression: true, compressionThreshold: 100, maxValueBytes: 1000 };
  return new Codec({ ...common, ...options }).encode(snapshot(text), meta, 'key');
}

const binary = { format: 'binary', compression: undefined, isEncrypted: false };

it.each<[string, Partial<CodecOptions>, object]>([
  ['JSON', { format: 'json' }, { ...binary, format: 'json' }],
  ['uncompressed', { enableCompression: false }, binary],
  ['deflate', {}, { ...binary, compression: 'deflate' }],
  ['brotli', { compressionAlgorithm: 'brotli' }, { ...binary, compression: 'brotli' }],
  ['deflate, encrypted', { encryption }, { ...binary, compression: 'deflate', isEncrypted: true }],
  [
    'brotli, encrypted',
    { compressionAlgorithm: 'brotli', encryption },
    { ...binary, compression: 'unknown', isEncrypted: true },
  ],
])('the encoding of an entry: %s', async (_, options, expected) => {
  expect(encodingOf(await entry(options))).toEqual(expected);
});

it.each([
  '',
  '{',
  '{"some":"other text, of another program"}',
  '\u0001',
  'text that is longer than a header',
])('bytes that are no entry: %j', (bytes) => {
  expect(encodingOf(Buffer.from(bytes))).toBeUndefined();
});
