import { deflateRawSync, crc32 } from 'node:zlib';
import { randomBytes, randomFillSync } from 'node:crypto';
import { inspect, isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { nestedArrays, supportedValues } from '../../../../test/support/supported-values.js';
import { SerializationError, ValidationError } from '../base/errors.js';
import { cloneValue } from '../values/clone.js';
import { Codec, type CodecOptions, type DecodedEntry, type EntryMeta } from './codec.js';
import { KeyRing } from './encryption.js';
import { restamp } from './entry-head.js';
import {
  compressedFlag,
  headerBytes,
  isIntact,
  tagsFlag,
  versionIdBytes,
  versionIdOffset,
} from './header.js';
import { snapshot } from '../values/snapshot.js';

const redisKey = 'cache::key';
const meta: EntryMeta = {
  stamp: 1_750_000_000_123,
  nonce: 0xfedcba98,
  ttlMs: 3_600_000,
  graceMs: 0,
  tagEpoch: 0,
  tags: undefined,
};
const tagged: EntryMeta = {
  ...meta,
  graceMs: 5000,
  tagEpoch: 2 ** 52 + 1,
  tags: ['users', 'größe', '\ud800', ''],
};

function codecWith(options: Partial<CodecOptions> = {}): Codec {
  return new Codec({
    enableCompression: true,
    compressionThreshold: 1000,
    compressionLevel: 6,
    maxValueBytes: 1 << 20,
    ...options,
  });
}

function encode(codec: Codec, value: unknown, entryMeta = meta): Buffer | Promise<Buffer> {
  return codec.encode(snapshot(value), entryMeta, redisKey);
}

/** For entries that need no thread pool. */
function encodeNow(value: unknown, entryMeta = meta, codec = codecWith()): Buffer {
  const bytes = encode(codec, value, entryMeta);
  if (bytes instanceof Promise) throw new Error('not encoded at once');
  return bytes;
}

/** An entry of any flags and payload with a right checksum. */
function forge(flags: number, payload: Buffer): Buffer {
  const entry = Buffer.concat([encodeNow(0).subarray(0, headerBytes), payload]);
  entry[1] = flags;
  return resealed(entry);
}

function resealed(entry: Buffer): Buffer {
  entry.writeUInt32BE(0, 2);
  entry.writeUInt32BE(crc32(entry), 2);
  return entry;
}

describe('decoding returns the encoded value', () => {
  it.each([
    ['uncompressed', codecWith({ enableCompression: false })],
    ['compressed', codecWith({ compressionThreshold: 0 })],
  ])('any supported value, %s', async (_, codec) => {
    await fc.assert(
      fc.asyncProperty(supportedValues, async (value) => {
        const decoded = await codec.decode(await encode(codec, value), redisKey);

        expect(decoded.ok && isDeepStrictEqual(decoded.value, value)).toBe(true);
      }),
      { numRuns: 100 },
    );
  });

  it('an invalid date stays invalid, in memory and through Redis', async () => {
    const value = { at: new Date(NaN) };
    const kept = snapshot(value);
    const decoded = (await codecWith().decode(encodeNow(value), redisKey)) as Extract<
      DecodedEntry,
      { ok: true }
    >;
    for (const copy of [kept.value, cloneValue(kept.value), decoded.value]) {
      const { at } = copy as typeof value;
      expect(at).toBeInstanceOf(Date);
      expect(at).not.toBe(value.at);
      expect(at.getTime()).toBeNaN();
    }
  });

  it('types that other caches lose (pitfall: Date → string, Map → {})', () => {
    const value = {
      date: new Date(5),
      map: new Map<unknown, unknown>([[{ a: 1 }, new Set([1n])]]),
      zero: -0,
      none: undefined,
      buffer: Buffer.from('a'),
      bytes: new Uint8Array([1]),
      floats: new Float32Array([0.5]),
      $: ['u'],
    };

    const decoded = codecWith().decode(encodeNow(value), redisKey) as Extract<DecodedEntry, { ok: true }>;

    expect(decoded.value).toStrictEqual(value);
    expect(Buffer.isBuffer((decoded.value as typeof value).bytes)).toBe(false);
  });

  it.each([
    [''],
    ['text'],
    ['größe 😀'],
    ['\ud800 alone'],
    [null],
    [false],
    [0],
    [Buffer.alloc(0)],
    [new Uint8Array(0)],
  ])('%p as the whole value', (value) => {
    expect(codecWith().decode(encodeNow(value), redisKey)).toStrictEqual({ ok: true, value, meta });
  });

  it("'__proto__' as data, in either payload", () => {
    for (const text of ['{"__proto__":{"a":1}}', '{"$":1,"__proto__":[1]}']) {
      const value = { ...JSON.parse(text), extended: text.includes('$') ? undefined : 1 } as object;

      const decoded = codecWith().decode(encodeNow(value), redisKey) as Extract<DecodedEntry, { ok: true }>;

      expect(isDeepStrictEqual(decoded.value, value)).toBe(true);
      expect(Object.getPrototypeOf(decoded.value)).toBe(Object.prototype);
    }
  });

  it('keeps binary data in memory of its own', () => {
    const entry = encodeNow({ a: Buffer.from('abc'), u: undefined });
    const alone = encodeNow(Buffer.from('abc'));
    const decoded = [entry, alone].map((bytes) => codecWith().decode(bytes, redisKey));
    entry.fill(0);
    alone.fill(0);

    expect(decoded).toMatchObject([{ value: { a: Buffer.from('abc') } }, { value: Buffer.from('abc') }]);
  });
});

describe('meta', () => {
  it.each([
    ['without tags', meta],
    ['with tags', tagged],
    ['with a version', { ...meta, version: 2 ** 32 - 1 }],
    ['with tags and a version', { ...tagged, version: 1 }],
    ['with an epoch alone', { ...meta, tagEpoch: 7 }],
    [
      'at its limits',
      { ...meta, stamp: 2 ** 48 - 1, nonce: 2 ** 32 - 1, ttlMs: 2 ** 48 - 1, graceMs: 2 ** 48 - 1 },
    ],
    ['at zero', { ...meta, stamp: 0, nonce: 0, ttlMs: 0 }],
  ])('comes back %s', (_, entryMeta) => {
    expect(codecWith().decode(encodeNow({ a: 1 }, entryMeta), redisKey)).toEqual({
      ok: true,
      value: { a: 1 },
      meta: entryMeta,
    });
  });

  it('treats an empty list of tags as no tags', () => {
    expect(codecWith().decode(encodeNow(1, { ...meta, tags: [] }), redisKey)).toEqual({
      ok: true,
      value: 1,
      meta,
    });
  });

  it('has the version id where scripts look for it', () => {
    const id = encodeNow('x').subarray(versionIdOffset, versionIdOffset + versionIdBytes);

    expect([id.readUIntBE(0, 6), id.readUInt32BE(6)]).toEqual([meta.stamp, meta.nonce]);
  });

  it.each([
    ['a tag too long', ['x'.repeat(40_000)], 'a tag must not exceed 32767 bytes'],
    ['too many tags', Array.from({ length: 65_536 }, () => 't'), 'tags must not be more than 65535'],
  ])('refuses %s', (_, tags, message) => {
    expect(() => encodeNow(1, { ...meta, tags })).toThrow(ValidationError);
    expect(() => encodeNow(1, { ...meta, tags })).toThrow(message);
  });
});

describe('seed S10.136 bad bytes are a miss (guarantee 8)', () => {
  const samples = new Map<string, Buffer>([
    ['json', encodeNow({ a: 1, b: 'text' })],
    ['text with tags', encodeNow('größe', tagged)],
    ['text with a version', encodeNow('größe', { ...meta, version: 3 })],
    ['Buffer', encodeNow(Buffer.from('abc'))],
    ['extended', encodeNow({ at: new Date(0), m: new Map([[1, Buffer.from('x')]]) })],
    ['compressed', encodeNow('abc '.repeat(300), tagged)],
  ]);

  it.each([...samples])('every single flipped bit: %s', async (_, entry) => {
    const codec = codecWith();
    const survivors: number[] = [];
    for (let bit = 0; bit < entry.length * 8; bit++) {
      const damaged = Buffer.from(entry);
      damaged[bit >> 3]! ^= 1 << (bit & 7);
      if ((await codec.decode(damaged, redisKey)).ok) survivors.push(bit);
    }

    expect(survivors).toEqual([]);
  });

  it.each([...samples])('every truncation, and a byte too many: %s', async (_, entry) => {
    const codec = codecWith();
    const cut = Array.from(entry, (_byte, length) => codec.decode(entry.subarray(0, length), redisKey));

    const decoded = await Promise.all([
      ...cut,
      codec.decode(Buffer.concat([entry, Buffer.alloc(1)]), redisKey),
    ]);

    expect(decoded.filter(({ ok }) => ok)).toEqual([]);
  });

  it('random bytes', async () => {
    const codec = codecWith();
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), async (bytes) => {
        expect((await codec.decode(Buffer.from(bytes), redisKey)).ok).toBe(false);
      }),
    );
  });

  it('random payloads with a valid checksum: an entry or a miss, never an exception', async () => {
    const codec = codecWith({ maxValueBytes: 1000 });
    const jsonText = fc
      .json()
      .map((text) => Buffer.from(`\0\0\0${String.fromCharCode(text.length & 0xff)}${text}`));
    const payload = fc.oneof(fc.uint8Array({ maxLength: 100 }), jsonText);
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: 255 }), payload, async (flags, bytes) => {
        const decoded = await codec.decode(forge(flags, Buffer.from(bytes)), redisKey);

        expect(typeof decoded.ok).toBe('boolean');
      }),
      { numRuns: 200 },
    );
  });

  it.each<[string, Buffer, string]>([
    ['nothing', Buffer.alloc(0), 'truncated'],
    ['a newer format', resealed(Buffer.from(encodeNow(1)).fill(2, 0, 1)), 'version'],
    ['foreign text', Buffer.from(JSON.stringify({ something: 'else, longer than a header' })), 'version'],
    ['an unknown payload kind', forge(7, Buffer.from('1')), 'format'],
    ['an unknown flag', forge(0b0100_0000, Buffer.from('1')), 'format'],
    ['an encrypted entry', forge(0b0010_0000, Buffer.from('1')), 'encrypted'],
    ['no JSON', forge(0, Buffer.from('{"a":')), 'format'],
    ['tags that are cut off', forge(tagsFlag, Buffer.alloc(5)), 'format'],
    [
      'tags that lack a length',
      forge(tagsFlag, Buffer.concat([Buffer.alloc(8), Buffer.from([0, 1, 0])])),
      'format',
    ],
    [
      'tags longer than the entry',
      forge(tagsFlag, Buffer.concat([Buffer.alloc(8), Buffer.from([0, 1, 0, 9])])),
      'format',
    ],
    [
      'a tag epoch that is no number',
      forge(tagsFlag, Buffer.concat([Buffer.alloc(8, 0xff), Buffer.alloc(2)])),
      'format',
    ],
    ['no deflate stream', forge(compressedFlag, Buffer.from([0, 0, 0, 9, 255, 255, 255])), 'format'],
    ['an empty deflate stream', forge(compressedFlag, Buffer.from([0, 0, 0, 9])), 'format'],
    ['deep JSON', forge(0, Buffer.from(JSON.stringify(nestedArrays(1001)))), 'format'],
    ['very deep JSON', forge(0, Buffer.from('['.repeat(200_000) + ']'.repeat(200_000))), 'format'],
    ['deep objects', forge(0, Buffer.from('{"a":'.repeat(1500) + '1' + '}'.repeat(1500))), 'format'],
  ])('%s', (_, bytes, reason) => {
    expect(codecWith().decode(bytes, redisKey)).toEqual({ ok: false, reason });
  });

  it.each([
    '{"$":["x"]}',
    '{"$":5}',
    '{"$":["i",5]}',
    '{"$":["i","x"]}',
    '{"$":["d","x"]}',
    '{"$":["m",5]}',
    '{"$":["o",[5,5]]}',
    '{"$":["b","Buffer",0,9]}',
    '{"$":["b","Buffer",-3,9]}',
    '{"$":["b","constructor",0,0]}',
    '{"$":["b","Uint32Array",0,3]}',
  ])('extended JSON %j', expectBadExtendedJson);

  it('extended JSON with deep nesting', () => {
    expectBadExtendedJson('['.repeat(1500) + ']'.repeat(1500));
  });

  function expectBadExtendedJson(text: string): void {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(text.length);

    expect(
      codecWith().decode(forge(4, Buffer.concat([length, Buffer.from(`${text}abc`)])), redisKey),
    ).toEqual({
      ok: false,
      reason: 'format',
    });
  }

  it('extended JSON that is shorter than its length says', () => {
    expect(codecWith().decode(forge(4, Buffer.from([0, 0, 0, 5, 0x31])), redisKey)).toEqual({
      ok: false,
      reason: 'format',
    });
  });
});

describe('restamp', () => {
  it.each([
    ['plain', codecWith()],
    ['encrypted', codecWith({ encryption: new KeyRing([{ id: 'a', key: randomBytes(32) }]) })],
  ])('returns a copy with another stamp, %s', (_, codec) => {
    const entry = encodeNow({ a: 1 }, tagged, codec);
    const before = Buffer.from(entry);
    const copy = restamp(entry, 2 ** 48 - 1);

    expect(isIntact(copy)).toBe(true);
    expect(codec.decode(copy, redisKey)).toEqual({
      ok: true,
      value: { a: 1 },
      meta: { ...tagged, stamp: 2 ** 48 - 1 },
    });
    expect(entry).toEqual(before);
  });
});

/** Deflates to 50 MiB. */
const bomb = deflateRawSync(Buffer.alloc(50 << 20));

describe('encryption at rest', () => {
  const ring = new KeyRing([{ id: 'a', key: randomBytes(32) }]);
  const codec = codecWith({ encryption: ring });

  it('any supported value comes back', async () => {
    await fc.assert(
      fc.asyncProperty(supportedValues, async (value) => {
        const decoded = await codec.decode(await encode(codec, value), redisKey);

        expect(decoded.ok && isDeepStrictEqual(decoded.value, value)).toBe(true);
      }),
      { numRuns: 50 },
    );
  });

  it('after compression, off the event loop where that is', async () => {
    const large = { text: 'The quick brown fox '.repeat(5000) };
    const encoding = encode(codec, large, tagged);
    const entry = await encoding;

    expect(encoding).toBeInstanceOf(Promise);
    expect(entry.length).toBeLessThan(5000);
    expect(await codec.decode(entry, redisKey)).toEqual({ ok: true, value: large, meta: tagged });
  });

  it('hides value and tags, and shows the version id', () => {
    const entry = encodeNow({ name: 'Ada Lovelace' }, { ...tagged, tags: ['customers'] }, codec);

    expect(entry.includes('Ada')).toBe(false);
    expect(entry.includes('customers')).toBe(false);
    expect(entry.readUIntBE(versionIdOffset, 6)).toBe(tagged.stamp);
  });

  it.each<[string, Codec, Codec, string, string]>([
    ['an encrypted entry, without keys', codec, codecWith(), redisKey, 'encrypted'],
    ['a plain entry, with keys', codecWith(), codec, redisKey, 'unencrypted'],
    [
      'an entry of a key that is not held',
      codec,
      codecWith({ encryption: new KeyRing([{ id: 'b', key: randomBytes(32) }]) }),
      redisKey,
      'unknown-key',
    ],
    [
      'an entry of another key with the same id',
      codec,
      codecWith({ encryption: new KeyRing([{ id: 'a', key: randomBytes(32) }]) }),
      redisKey,
      'tampered',
    ],
    ["another Redis key's entry", codec, codec, 'cache::other', 'tampered'],
  ])('%s is a miss', (_, writer, reader, readUnder, reason) => {
    expect(reader.decode(encodeNow({ a: 1 }, meta, writer), readUnder)).toEqual({ ok: false, reason });
  });

  it.each([
    ['small', { a: 1, b: 'text' }],
    ['compressed', 'abc '.repeat(300)],
  ])('every single flipped bit fails by checksum, %s', async (_, value) => {
    const entry = encodeNow(value, tagged, codec);
    const reasons = new Set<string>();
    for (let bit = 0; bit < entry.length * 8; bit++) {
      const damaged = Buffer.from(entry);
      damaged[bit >> 3]! ^= 1 << (bit & 7);
      const decoded = await codec.decode(damaged, redisKey);
      reasons.add(decoded.ok ? 'ok' : decoded.reason);
    }

    expect(reasons).toEqual(new Set(['checksum', 'version']));
  });

  it('every truncation', () => {
    const entry = encodeNow('größe', tagged, codec);
    const cut = Array.from(entry, (_byte, length) => codec.decode(entry.subarray(0, length), redisKey));

    expect(cut.filter((decoded) => decoded instanceof Promise || decoded.ok)).toEqual([]);
  });

  it('keeps to maxValueBytes, also for a bomb that was encrypted with the key', async () => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(50 << 20);
    const entry = ring.seal(redisKey, forge(compressedFlag | 1, Buffer.concat([length, bomb])));

    expect(await codec.decode(entry, redisKey)).toEqual({ ok: false, reason: 'too-large' });
  });

  it('shows no key', () => {
    const key = randomBytes(32).toString('base64');
    const shown = inspect(codecWith({ encryption: new KeyRing([{ id: 'a', key }]) }), {
      depth: 9,
      showHidden: true,
    });

    expect(shown).not.toContain(key);
  });
});

describe('size', () => {
  it('refuses to write what is larger than maxValueBytes', () => {
    const codec = codecWith({ maxValueBytes: 10 });

    expect(() => codec.encode(snapshot('x'.repeat(11)), meta, redisKey)).toThrow(SerializationError);
    expect(() => codec.encode(snapshot('x'.repeat(11)), meta, redisKey)).toThrow(
      'value takes 11 bytes, maxValueBytes is 10',
    );
    expect(codec.encode(snapshot('x'.repeat(10)), meta, redisKey)).toBeInstanceOf(Buffer);
  });

  it('does not read what is larger', async () => {
    const codec = codecWith({ maxValueBytes: 1000 });
    const plain = await encode(codecWith({ enableCompression: false }), 'x'.repeat(1001));
    const compressed = await encode(codecWith(), 'x'.repeat(1001));

    expect(await codec.decode(plain, redisKey)).toEqual({ ok: false, reason: 'too-large' });
    expect(await codec.decode(compressed, redisKey)).toEqual({ ok: false, reason: 'too-large' });
  });

  it.each([
    ['that admits its size', 50 << 20, 'too-large'],
    ['that claims to be small', 1000, 'format'],
    ['that claims to be smaller than the limit', 100_000, 'format'],
    ['that claims nothing', 0, 'format'],
  ])('a decompression bomb %s', async (_, claimed, reason) => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(claimed);
    const entry = forge(compressedFlag | 1, Buffer.concat([length, bomb]));

    expect(await codecWith().decode(entry, redisKey)).toEqual({ ok: false, reason });
  });

  it('a stream that ends early, and a claim that no stream could meet', async () => {
    const stream = deflateRawSync(Buffer.from('abc'));

    expect(
      await codecWith().decode(
        forge(compressedFlag, Buffer.concat([Buffer.from([0, 0, 0, 9]), stream])),
        redisKey,
      ),
    ).toEqual({
      ok: false,
      reason: 'format',
    });
    expect(
      await codecWith().decode(
        forge(compressedFlag, Buffer.concat([Buffer.from([0, 15, 0, 0]), stream])),
        redisKey,
      ),
    ).toEqual({
      ok: false,
      reason: 'format',
    });
  });
});

describe('compression', () => {
  const text = 'The quick brown fox jumps over the lazy dog. ';

  it('starts above the threshold', () => {
    const codec = codecWith({ compressionThreshold: 100 });

    expect(encodeNow('x'.repeat(100), meta, codec)).toHaveLength(headerBytes + 100);
    expect(encodeNow('x'.repeat(101), meta, codec).length).toBeLessThan(headerBytes + 50);
  });

  it('counts values and bytes', () => {
    const codec = codecWith();
    const entry = encodeNow(text.repeat(50), meta, codec);

    expect(codec.compression).toEqual({
      count: 1,
      bytesIn: text.length * 50,
      bytesOut: entry.length - headerBytes - 4,
    });
  });

  it('can be switched off', () => {
    const codec = codecWith({ enableCompression: false });

    expect(encodeNow(text.repeat(50), meta, codec)).toHaveLength(headerBytes + text.length * 50);
    expect(codec.compression.count).toBe(0);
  });

  it('is skipped if it does not make the value smaller', async () => {
    const codec = codecWith();
    for (const size of [2000, 100_000]) {
      const noise = randomFillSync(Buffer.alloc(size));
      const entry = await encode(codec, noise);

      expect(entry).toHaveLength(headerBytes + size);
      expect(codec.decode(entry, redisKey)).toMatchObject({ ok: true, value: noise });
    }
    expect(codec.compression).toEqual({ count: 0, bytesIn: 0, bytesOut: 0 });
  });

  it('runs off the event loop for large values, both ways', async () => {
    const codec = codecWith();
    const large = { text: text.repeat(2000) };

    const encoding = encode(codec, large, tagged);
    const decoding = codec.decode(await encoding, redisKey);

    expect([encoding, decoding]).toEqual([expect.any(Promise), expect.any(Promise)]);
    expect(await decoding).toEqual({ ok: true, value: large, meta: tagged });
  });

  it('rejects with a reason if a large stream is damaged but its checksum is valid', async () => {
    const entry = Buffer.from(await encode(codecWith(), text.repeat(2000)));
    entry.fill(0xff, headerBytes + 4);

    expect(await codecWith().decode(resealed(entry), redisKey)).toEqual({ ok: false, reason: 'format' });
  });

  it('pitfall (Python original): stores what is above the threshold', async () => {
    const value = { text: text.repeat(100) };

    expect(await codecWith().decode(await encode(codecWith(), value), redisKey)).toMatchObject({
      ok: true,
      value,
    });
  });
});
