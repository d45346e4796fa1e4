import { createDecipheriv, randomBytes } from 'node:crypto';
import { inspect } from 'node:util';
import fc from 'fast-check';
import { ValidationError } from '../base/errors.js';
import { encryptionOptions, KeyRing, type EncryptionKey } from './encryption.js';
import { restamp } from './entry-head.js';
import { encryptedFlag, headerBytes, isIntact, sealEntry, writeChecksum } from './header.js';

const redisKey = 'cache::user:1';
const older = { id: '2025', key: randomBytes(32) };
const newer = { id: '2026', key: randomBytes(32).toString('base64') };
const ring = new KeyRing([older]);
const text = 'a payload that nobody else reads';
const entry = entryOf(Buffer.from(text));

function entryOf(data: Buffer, flags = 1): Buffer {
  const bytes = Buffer.concat([Buffer.alloc(headerBytes), data]);
  const meta = { stamp: 1_750_000_000_123, nonce: 7, ttlMs: 60_000, graceMs: 5 };
  sealEntry(bytes, flags, { ...meta, tagEpoch: 0, tags: undefined });
  return bytes;
}

/** The entry after somebody wrote into it, and made its checksum right again. */
function changed(bytes: Buffer, change: (copy: Buffer) => void): Buffer {
  const copy = Buffer.from(bytes);
  change(copy);
  writeChecksum(copy);
  return copy;
}

function flipped(bytes: Buffer, bit: number): Buffer {
  return changed(bytes, (copy) => {
    copy.writeUInt8(copy.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
  });
}

describe('KeyRing seals and opens', () => {
  it('any entry, for its own Redis key', () => {
    fc.assert(
      fc.property(fc.uint8Array(), fc.string({ unit: 'grapheme' }), (data, key) => {
        const plain = entryOf(Buffer.from(data));

        expect(ring.open(key, ring.seal(key, plain))).toEqual(plain);
      }),
    );
  });

  it('leaves the header readable, flags the entry, and keeps the checksum right', () => {
    const sealed = ring.seal(redisKey, entry);

    expect(sealed.subarray(6, headerBytes)).toEqual(entry.subarray(6, headerBytes));
    expect(sealed[1]).toBe(1 | encryptedFlag);
    expect(isIntact(sealed)).toBe(true);
    expect(sealed.includes(text.slice(0, 8))).toBe(false);
  });

  it('does not change the given bytes', () => {
    const before = Buffer.from(entry);
    const sealed = ring.seal(redisKey, entry);
    const sealedBefore = Buffer.from(sealed);
    ring.open(redisKey, sealed);

    expect([entry, sealed]).toEqual([before, sealedBefore]);
  });

  it('by AES-256-GCM in the documented layout, which any other implementation can read', () => {
    const sealed = ring.seal(redisKey, entry);
    const idEnd = headerBytes + 1 + older.id.length;
    const decipher = createDecipheriv('aes-256-gcm', older.key, sealed.subarray(idEnd, idEnd + 12));
    decipher.setAAD(
      Buffer.concat([sealed.subarray(0, 2), sealed.subarray(12, idEnd), Buffer.from(redisKey)]),
    );
    decipher.setAuthTag(sealed.subarray(-16));
    const opened = Buffer.concat([decipher.update(sealed.subarray(idEnd + 12, -16)), decipher.final()]);

    expect(opened.toString()).toBe(text);
  });

  it('the same entry to other bytes each time: an IV is never used twice', () => {
    const ivs = Array.from({ length: 1000 }, () => ring.seal(redisKey, entry).toString('hex', 33, 45));

    expect(new Set(ivs).size).toBe(1000);
  });

  it('into its own memory: a decrypted entry outlives the encrypted bytes', () => {
    const sealed = ring.seal(redisKey, entry);
    const opened = ring.open(redisKey, sealed);
    sealed.fill(0);

    expect(opened).toEqual(entry);
  });
});

describe('rotation without downtime', () => {
  const before = ring;
  const added = new KeyRing([older, newer]);
  const switched = new KeyRing([newer, older]);
  const after = new KeyRing([newer]);

  it.each([
    ['a new key is added as the second', before, added],
    ['it becomes the first', added, switched],
    ['the old one is dropped', switched, after],
  ])('%s: both sides of the step read what the other writes', (_, from, to) => {
    const oldWrites = from.seal(redisKey, entry);
    const newWrites = to.seal(redisKey, entry);

    expect(from.open(redisKey, newWrites)).toEqual(entry);
    if (to !== after) expect(to.open(redisKey, oldWrites)).toEqual(entry);
  });

  it('the first key encrypts: the entry contains its id', () => {
    expect(switched.seal(redisKey, entry).toString('utf8', headerBytes + 1, headerBytes + 5)).toBe('2026');
  });

  it('an entry of a dropped key fails as an unknown key', () => {
    expect(after.open(redisKey, before.seal(redisKey, entry))).toBe('unknown-key');
  });

  it('another key under a known id is tampering', () => {
    const other = new KeyRing([{ id: older.id, key: randomBytes(32) }]);

    expect(ring.open(redisKey, other.seal(redisKey, entry))).toBe('tampered');
  });
});

describe('guarantee 8: entries that are refused', () => {
  const sealed = ring.seal(redisKey, entry);

  it('an entry under another Redis key', () => {
    expect(ring.open('cache::user:2', sealed)).toBe('tampered');
  });

  it('an entry that was never encrypted', () => {
    expect(ring.open(redisKey, entry)).toBe('unencrypted');
  });

  it('every single bit, behind a right checksum; only the stamp may change', () => {
    const opened = new Set<number>();
    for (let bit = 0; bit < sealed.length * 8; bit++) {
      if (bit >> 3 >= 2 && bit >> 3 < 6) continue; // the checksum itself
      if (typeof ring.open(redisKey, flipped(sealed, bit)) !== 'string') opened.add(bit >> 3);
    }

    expect([...opened]).toEqual([6, 7, 8, 9, 10, 11]);
  });

  it.each([
    ['ttl', 16, 'tampered'],
    ['grace', 22, 'tampered'],
    ['nonce', 12, 'tampered'],
    ['flags', 1, 'tampered'],
    ['key id', headerBytes + 1, 'unknown-key'],
    ['IV', headerBytes + 5, 'tampered'],
    ['ciphertext', headerBytes + 17, 'tampered'],
    ['tag', sealed.length - 1, 'tampered'],
  ])('its %s', (_, byte, reason) => {
    expect(ring.open(redisKey, flipped(sealed, byte * 8))).toBe(reason);
  });

  it('an entry without its flag, so that the ciphertext looks like a payload', () => {
    expect(ring.open(redisKey, flipped(sealed, 8 + 5))).toBe('unencrypted');
  });

  it('every truncation', () => {
    const reasons = Array.from(sealed, (_byte, length) => ring.open(redisKey, sealed.subarray(0, length)));

    expect(new Set(reasons)).toEqual(new Set(['tampered']));
  });

  it('random bytes that claim to be encrypted: never an exception', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 120 }), (bytes) => {
        const claim = Buffer.concat([Buffer.from([1, encryptedFlag]), Buffer.from(bytes)]);

        expect(['tampered', 'unknown-key']).toContain(ring.open(redisKey, claim));
      }),
    );
  });

  it('an entry that was restamped still opens, with its new stamp', () => {
    const opened = ring.open(redisKey, restamp(sealed, 5));

    expect(opened).toEqual(restamp(entry, 5));
  });
});

describe('the keys', () => {
  it('are shown neither by inspect nor by JSON', () => {
    const both = new KeyRing([older, newer]);
    const shown = inspect(both, { depth: 9, showHidden: true }) + JSON.stringify({ both });

    expect(shown).not.toContain(newer.key.slice(0, 10));
    expect(shown).not.toContain(older.key.toString('hex').slice(0, 10));
    expect(shown).not.toMatch(/2025|2026/);
  });

  it('are copied: wiping the given bytes changes nothing', () => {
    const key = Buffer.from(older.key);
    const own = new KeyRing([{ id: older.id, key }]);
    key.fill(0);

    expect(own.open(redisKey, ring.seal(redisKey, entry))).toEqual(entry);
  });

  const secret = 'S3CRET'.repeat(9);
  it.each<[string, unknown, string[]]>([
    ['no list', secret, ['encryption.keys must be an array of { id, key }']],
    ['an empty ring', [], ['encryption.keys cannot be empty: the first key encrypts']],
    ['no objects', [secret], ['encryption.keys[0] must be an object { id, key }']],
    [
      'short keys, as bytes and as text',
      [
        { id: 'a', key: randomBytes(16) },
        { id: 'b', key: randomBytes(31).toString('base64') },
      ],
      [
        'encryption.keys[0].key must be 32 bytes (a Buffer, or base64 text)',
        'encryption.keys[1].key must be 32 bytes (a Buffer, or base64 text)',
      ],
    ],
    [
      'text that is no base64',
      [{ id: 'a', key: `${newer.key.slice(0, 20)} ${newer.key.slice(20)}` }],
      ['encryption.keys[0].key must be 32 bytes (a Buffer, or base64 text)'],
    ],
    [
      'a password for a key',
      [{ id: 'a', key: secret }],
      ['encryption.keys[0].key must be 32 bytes (a Buffer, or base64 text)'],
    ],
    [
      'duplicate ids',
      [older, newer, { ...newer, id: '2025' }],
      ['encryption.keys[2].id is that of encryption.keys[0]'],
    ],
    ['no id', [{ id: '', key: older.key }], ['encryption.keys[0].id must be a non-empty string']],
    [
      'an id of 65 bytes',
      [{ ...older, id: 'é'.repeat(33) }],
      ['encryption.keys[0].id must not exceed 64 bytes'],
    ],
    [
      'everything at once',
      [{ key: 5, kid: secret }],
      [
        "encryption.keys[0].kid is not a known option (did you mean 'id'?)",
        'encryption.keys[0].id must be a non-empty string',
        'encryption.keys[0].key must be 32 bytes (a Buffer, or base64 text)',
      ],
    ],
  ])('%s: refused without showing a key', (_, keys, messages) => {
    let error: unknown;
    try {
      new KeyRing(keys as EncryptionKey[]);
    } catch (caught) {
      error = caught;
    }

    expect(error).toBeInstanceOf(ValidationError);
    expect((error as ValidationError).problems.map(({ message }) => message)).toEqual(messages);
    expect(inspect(error, { depth: 9 })).not.toContain('S3CRET');
  });

  it('may be base64url, without padding, and any Uint8Array; an id may have 64 bytes', () => {
    const key = older.key;
    const url = new KeyRing([{ id: older.id, key: key.toString('base64url') }]);
    const array = new KeyRing([
      { id: 'x'.repeat(64), key: randomBytes(32) },
      { id: older.id, key: new Uint8Array(key) },
    ]);

    expect(url.open(redisKey, ring.seal(redisKey, entry))).toEqual(entry);
    expect(array.open(redisKey, ring.seal(redisKey, entry))).toEqual(entry);
    expect(array.open(redisKey, array.seal(redisKey, entry))).toEqual(entry);
  });

  it('options are an object with keys and nothing else', () => {
    expect(encryptionOptions.problems('encryption', 'S3CRET')).toEqual([
      { path: 'encryption', message: 'encryption must be an object with keys' },
    ]);
    expect(encryptionOptions.problems('encryption', { keys: [older], key: 'S3CRET' })).toEqual([
      { path: 'encryption.key', message: "encryption.key is not a known option (did you mean 'keys'?)" },
    ]);
  });
});
