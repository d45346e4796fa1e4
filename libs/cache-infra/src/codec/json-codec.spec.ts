import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { CacheTypes } from '../values/cache-type.js';
import { snapshot } from '../values/snapshot.js';
import { SerializationError } from '../base/errors.js';
import { Codec, type CodecOptions, type DecodedEntry, type EntryMeta } from './codec.js';
import { KeyRing } from './encryption.js';
import { formatOf, metaOf, restamp, versionBytes, versionIdOf } from './entry-head.js';

const redisKey = 'cache::key';
const meta: EntryMeta = {
  ...{ stamp: 1_750_000_000_123, nonce: 0xfedcba98, ttlMs: 60_000, graceMs: 0, tagEpoch: 0, tags: undefined },
};
const tagged: EntryMeta = {
  ...meta,
  graceMs: 5000,
  tagEpoch: 2 ** 52 + 1,
  tags: ['users', '","value":', 'ü\ud800'],
};
const versioned: EntryMeta = { ...meta, version: 2 ** 32 - 1 };
const both: EntryMeta = { ...tagged, version: 7 };

function codecOf(options: Partial<CodecOptions> = {}): Codec {
  const others = { enableCompression: true, compressionThreshold: 10, maxValueBytes: 1 << 20 };
  return new Codec({ format: 'json', ...others, ...options });
}

function encoded(value: unknown, entryMeta = meta, codec = codecOf()): Buffer {
  const entry = codec.encode(snapshot(value), entryMeta, redisKey);
  if (entry instanceof Promise) throw new Error('not encoded at once');
  return entry;
}

const decoded = (bytes: Buffer, codec = codecOf()): DecodedEntry | Promise<DecodedEntry> =>
  codec.decode(Buffer.from(bytes), redisKey);

const value = { name: 'Ada', größe: 1.5e-7, list: [1, null, true, { '': '' }], text: 'a\n"\u2028\ud83d' };

describe('an entry in JSON', () => {
  it('is one object, with the value last', () => {
    const text = encoded(value, tagged).toString();
    expect(text).toMatch(
      /^\{"at": {2}1750000000123,"id":"fedcba98","crc":"[\da-f]{8}","ttl":60000,"grace":5000,/,
    );
    expect(text).toContain('"grace":5000,"tagEpoch":4503599627370497,"tags":["users",');
    const {
      at,
      tags,
      value: read,
    } = JSON.parse(encoded(value, tagged).toString()) as Record<string, unknown>;
    expect([at, tags, read]).toEqual([tagged.stamp, tagged.tags, value]);
  });

  it.each([
    ['an object', value],
    ['text', 'text'],
    ['an empty text', ''],
    ['a number', 0],
    ['null', null],
    ['a list', []],
    ['an own property __proto__', JSON.parse('{"__proto__":{"a":1}}')],
  ])('brings back %s, to a cache of either format', (_, each) => {
    for (const entryMeta of [meta, tagged, versioned, both])
      for (const codec of [codecOf(), codecOf({ format: 'binary' })])
        expect(decoded(encoded(each, entryMeta), codec)).toEqual({ ok: true, value: each, meta: entryMeta });
  });

  it('brings back every value of JSON', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (each) => {
        fc.pre(snapshot(each).json);
        expect(decoded(encoded(each, tagged))).toEqual({ ok: true, value: each, meta: tagged });
      }),
    );
  });

  it('is not compressed', () => {
    const codec = codecOf();
    expect(encoded('abc '.repeat(1000), meta, codec).toString()).toContain('abc abc');
    expect(codec.compression.count).toBe(0);
  });

  it('writes a part that occurs twice, twice', () => {
    const part = { a: [1] };
    const result = decoded(encoded({ one: part, other: part }));
    expect(result).toMatchObject({ ok: true, value: { one: { a: [1] }, other: { a: [1] } } });
  });

  it('keeps its version under the same id as a binary entry, in its first bytes', () => {
    const id = versionIdOf(encoded(value, tagged, codecOf({ format: 'binary', enableCompression: false })));
    expect(versionIdOf(encoded(value, tagged))).toEqual(id);
    expect(versionIdOf(encoded(value, tagged).subarray(0, versionBytes))).toEqual(id);
  });

  it('takes another stamp', () => {
    for (const stamp of [0, 1_760_000_000_000, 2 ** 48 - 1]) {
      const entry = restamp(encoded(value, tagged), stamp);
      expect(decoded(entry)).toEqual({ ok: true, value, meta: { ...tagged, stamp } });
      expect(versionIdOf(entry).readUIntBE(0, 6)).toBe(stamp);
    }
  });

  it('tells its metadata in its first bytes, if they reach the value', () => {
    const entry = encoded(value, tagged);
    expect(metaOf(entry.subarray(0, 256))).toEqual(tagged);
    expect(metaOf(encoded(value, both).subarray(0, 256))).toEqual(both);
    expect(metaOf(entry.subarray(0, 100))).toBe('whole');
    expect(metaOf(encoded(value).subarray(0, 256))).toEqual(meta);
    expect(metaOf(Buffer.from('{"at":1}'))).toBe('whole');
  });
});

describe('the version id of other bytes', () => {
  it.each([
    '',
    '{',
    '{"at":',
    '{"at":999999999999999,"id":"fedcba98"}',
    '{"at": 12,"id":"fedcba9g"}',
    '{"name":"Ada"}',
  ])('%j', (text) => {
    expect(versionIdOf(Buffer.from(text))).toEqual(Buffer.from(text).subarray(6, 16));
  });
});

describe('format: json refuses with the path', () => {
  class Money {
    constructor(readonly cents: number) {}
  }
  const types = new CacheTypes([
    { name: 'Money', is: (it) => it instanceof Money, encode: () => 1, decode: () => new Money(1) },
  ]);

  it.each([
    ['a Date', { a: [{ at: new Date(0) }] }, '$.a[0].at'],
    ['a Map', { a: new Map() }, '$.a'],
    ['a Set', [new Set()], '$[0]'],
    ['undefined', { a: undefined }, '$.a'],
    ['undefined', [1, undefined], '$[1]'],
    ['undefined', Array(2), '$[0]'],
    ['NaN', { 'a b': NaN }, '$["a b"]'],
    ['-Infinity', [-Infinity], '$[0]'],
    ['-0', [0, -0], '$[1]'],
    ['a BigInt', { a: 1n }, '$.a'],
    ['binary data (Buffer)', Buffer.from('a'), '$'],
    ['binary data (Uint8Array)', { a: new Uint8Array(1) }, '$.a'],
    ["an instance of the type 'Money'", { price: new Money(1) }, '$.price'],
  ])('%s at %#', (kind, refused, path) => {
    const codec = codecOf({ types });
    const copy = snapshot(refused, { classes: 'refuse', types, maxNodes: 100 });
    for (const call of [() => codec.encode(copy, meta, redisKey), () => codec.assertFits(copy)]) {
      expect(call).toThrow(SerializationError);
      expect(call).toThrow(`${kind} cannot be stored as JSON (format: 'json')`);
      expect(call).toThrow(path);
    }
  });

  it('repeated parts that make too long a text', () => {
    let part: unknown = 'x';
    for (let i = 0; i < 30; i++) part = [part, part];
    expect(() => encoded(part, meta, codecOf({ maxNodes: 1000 }))).toThrow('more than 1000 parts');
  });

  it('a value larger than maxValueBytes', () => {
    const codec = codecOf({ maxValueBytes: 10 });
    expect(() => encoded('x'.repeat(9), meta, codec)).toThrow('value takes 11 bytes, maxValueBytes is 10');
    expect(decoded(encoded('x'.repeat(8), meta, codec), codec)).toMatchObject({ ok: true });
    expect(decoded(encoded('x'.repeat(9)), codec)).toEqual({ ok: false, reason: 'too-large' });
  });
});

describe('guarantee 8: bad bytes', () => {
  const entry = encoded({ a: 'text', b: [1, 2] }, { ...tagged, tags: ['t'] });

  it('with one flipped bit', () => {
    const read: number[] = [];
    for (let bit = 0; bit < entry.length * 8; bit++) {
      const flipped = Buffer.from(entry);
      flipped.writeUInt8(flipped.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
      const result = decoded(flipped);
      if (result instanceof Promise || result.ok) read.push(bit);
    }
    expect(read).toEqual([]);
  });

  it('cut off anywhere', () => {
    const lengths = Array.from({ length: entry.length }, (_, length) => length);
    const read = lengths.filter((length) => {
      const result = decoded(entry.subarray(0, length));
      return result instanceof Promise || result.ok;
    });
    expect(read).toEqual([]);
  });

  it.each([
    ['foreign JSON', Buffer.from(JSON.stringify({ value: 'of another program, with no head' })), 'version'],
    ['wrong metadata with a right checksum', resealed('"ttl":60000', '"ttl":-6000'), 'format'],
    ['tags that are no texts', resealed('"tags":["t"]', '"tags":[900]'), 'format'],
    ['a value that is no JSON', resealed('"text"', '"te,t,'), 'format'],
    ['without a value', resealed(',"value":', ',"valeu":'), 'format'],
  ])('%s', (_, bytes, reason) => {
    expect(decoded(bytes)).toEqual({ ok: false, reason });
  });

  it('more parts than maxValueNodes', () => {
    const many = encoded(Array.from({ length: 100 }, () => 0));
    expect(decoded(many, codecOf({ maxNodes: 50 }))).toEqual({ ok: false, reason: 'format' });
    expect(decoded(many, codecOf({ maxNodes: 101 }))).toMatchObject({ ok: true });
  });

  it('are not taken by a cache that encrypts', () => {
    const encryption = new KeyRing([{ id: 'a', key: Buffer.alloc(32, 1) }]);
    const codec = codecOf({ format: 'binary', encryption });
    expect(decoded(entry, codec)).toEqual({ ok: false, reason: 'unencrypted' });
    const sealed = codec.encode(snapshot(1), meta, redisKey) as Buffer;
    expect(decoded(sealed)).toEqual({ ok: false, reason: 'encrypted' });
  });

  /** The entry with another text of the same length, and its checksum. */
  function resealed(text: string, by: string): Buffer {
    const changed = Buffer.from(entry.toString().replace(text, by));
    expect(changed.equals(entry)).toBe(false);
    return restamp(changed, tagged.stamp);
  }
});

describe('an entry that is written again', () => {
  it('keeps its format', () => {
    const codec = codecOf();
    const map = snapshot(new Map([['a', 1]]));
    const entry = codec.encode(map, meta, redisKey, 'binary') as Buffer;
    expect(formatOf(entry)).toBe('binary');
    const result = decoded(entry) as DecodedEntry;
    expect(result.ok && isDeepStrictEqual(result.value, map.value)).toBe(true);
  });
});
