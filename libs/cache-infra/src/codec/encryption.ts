import { createCipheriv, createDecipheriv, createSecretKey, randomBytes, type KeyObject } from 'node:crypto';
import { types } from 'node:util';
import { unknownOption } from '../base/checks.js';
import { ValidationError, type ValidationProblem } from '../base/errors.js';
import { isWellFormed } from '../keys/digest.js';
import { encryptedFlag, headerBytes, nonceOffset, writeChecksum } from './header.js';

/** One key of a {@link KeyRing}. */
export interface EncryptionKey {
  /** Its name, 1 to 64 bytes. Stands readable in every entry that the key sealed. */
  readonly id: string;
  /** 32 random bytes, or their base64 text (`openssl rand -base64 32`). */
  readonly key: Uint8Array | string;
}

/** Why {@link KeyRing.open} opened nothing. */
export type OpenFailure = 'unknown-key' | 'unencrypted' | 'tampered';

const algorithm = 'aes-256-gcm';
const keyBytes = 32;
const maxIdBytes = 64;
/** 96 bits: what GCM takes without hashing (NIST SP 800-38D, 8.2). */
const ivBytes = 12;
const tagBytes = 16;

/**
 * AES-256-GCM for entries at rest. The first key seals, every key opens. To change keys without downtime: add the new key
 * everywhere as the second, then make it the first, and drop the old one when what it sealed has expired.
 *
 * Random 96-bit IVs allow 2^32 writes per key (NIST SP 800-38D, 8.3): change the key before.
 */
export class KeyRing {
  readonly #sealing: RingKey;
  readonly #byId: ReadonlyMap<string, RingKey>;

  /** @throws ValidationError that lists what is wrong with the keys, without showing any */
  constructor(keys: readonly EncryptionKey[]) {
    const problems = keyProblems('encryption.keys', keys);
    if (problems.length > 0) throw new ValidationError(problems);
    const ring = keys.map(ringKey);
    this.#sealing = ring[0] as RingKey;
    this.#byId = new Map(ring.map((key) => [key.id, key]));
  }

  /** The entry with everything after its header encrypted, for this Redis key alone. Its checksum is right again. */
  seal(redisKey: string, entry: Buffer): Buffer {
    const { secret, idBytes } = this.#sealing;
    const iv = randomBytes(ivBytes);
    const cipher = createCipheriv(algorithm, secret, iv, { authTagLength: tagBytes });
    const sealed = Buffer.allocUnsafe(entry.length + 1 + idBytes.length + ivBytes + tagBytes);
    entry.copy(sealed, 0, 0, headerBytes);
    sealed.writeUInt8(entry.readUInt8(1) | encryptedFlag, 1);
    let at = sealed.writeUInt8(idBytes.length, headerBytes);
    at += idBytes.copy(sealed, at);
    at += iv.copy(sealed, at);
    cipher.setAAD(associatedData(redisKey, sealed, idBytes));
    at += cipher.update(entry.subarray(headerBytes)).copy(sealed, at);
    at += cipher.final().copy(sealed, at);
    cipher.getAuthTag().copy(sealed, at);
    writeChecksum(sealed);
    return sealed;
  }

  /** The entry that {@link seal} was given, or why there is none. */
  open(redisKey: string, entry: Buffer): Buffer | OpenFailure {
    if (entry.length < headerBytes) return 'tampered';
    if ((entry.readUInt8(1) & encryptedFlag) === 0) return 'unencrypted';
    const idStart = headerBytes + 1;
    const ivStart = idStart + (entry.length < idStart ? 0 : entry.readUInt8(headerBytes));
    const dataStart = ivStart + ivBytes;
    const tagStart = entry.length - tagBytes;
    if (ivStart === idStart || tagStart < dataStart) return 'tampered';
    const idBytes = entry.subarray(idStart, ivStart);
    const key = this.#byId.get(idBytes.toString('utf8'));
    if (key === undefined) return 'unknown-key';
    const iv = entry.subarray(idStart + idBytes.length, dataStart);
    const decipher = createDecipheriv(algorithm, key.secret, iv, { authTagLength: tagBytes });
    decipher.setAAD(associatedData(redisKey, entry, idBytes));
    decipher.setAuthTag(entry.subarray(tagStart));
    const opened = Buffer.allocUnsafe(headerBytes + tagStart - dataStart);
    entry.copy(opened, 0, 0, headerBytes);
    opened.writeUInt8(entry.readUInt8(1) & ~encryptedFlag, 1);
    decipher.update(entry.subarray(dataStart, tagStart)).copy(opened, headerBytes);
    try {
      decipher.final();
    } catch {
      return 'tampered';
    }
    writeChecksum(opened);
    return opened;
  }
}

interface RingKey {
  readonly id: string;
  readonly idBytes: Buffer;
  /** Not bytes: a `KeyObject` shows nothing of them to `inspect` or JSON. */
  readonly secret: KeyObject;
}

function ringKey({ id, key }: EncryptionKey): RingKey {
  const bytes = typeof key === 'string' ? Buffer.from(key, 'base64') : key;
  return { id, idBytes: Buffer.from(id), secret: createSecretKey(bytes) };
}

/**
 * What an entry is bound to, besides its own bytes: the Redis key (entries cannot be swapped between keys) and the header
 * (version, flags, nonce, ttl and grace cannot be changed). Two parts of the header are left out: the CRC, which covers the sealed
 * bytes and so comes after them; and the stamp, which is rewritten when a set from the time of an outage is replayed
 * ({@link restamp}). The cost: who can write to Redis can keep a value alive beyond its ttl. He cannot read or change
 * what it says, nor move it.
 *
 * The parts before the Redis key tell their own lengths, so no two entries have the same data by different splits.
 */
function associatedData(redisKey: string, entry: Buffer, idBytes: Buffer): Buffer {
  return Buffer.concat([
    entry.subarray(0, 2),
    entry.subarray(nonceOffset, headerBytes + 1),
    idBytes,
    Buffer.from(redisKey),
  ]);
}

/** What is wrong with `{ keys }`. No message shows a value: any of them may be a key that stands in the wrong place. */
export const encryptionOptions = {
  problems(path: string, value: unknown): readonly ValidationProblem[] {
    if (!isObject(value)) return [{ path, message: `${path} must be an object with keys` }];
    return [...unknownNames(`${path}.`, value, ['keys']), ...keyProblems(`${path}.keys`, value['keys'])];
  },
};

function keyProblems(path: string, keys: unknown): readonly ValidationProblem[] {
  if (!Array.isArray(keys)) return [{ path, message: `${path} must be an array of { id, key }` }];
  if (keys.length === 0) return [{ path, message: `${path} cannot be empty: the first key encrypts` }];
  const ids = keys.map((key: unknown) => (isObject(key) ? key['id'] : undefined));
  return keys.flatMap((key: unknown, i) => {
    const at = `${path}[${String(i)}]`;
    if (!isObject(key)) return [{ path: at, message: `${at} must be an object { id, key }` }];
    const same = ids.indexOf(key['id']);
    const idWords = idProblem(key['id']) ?? (same < i ? `is that of ${path}[${String(same)}]` : undefined);
    const keyWords = isKey(key['key'])
      ? undefined
      : `must be ${String(keyBytes)} bytes (a Buffer, or base64 text)`;
    return [
      ...unknownNames(`${at}.`, key, ['id', 'key']),
      ...told(`${at}.id`, idWords),
      ...told(`${at}.key`, keyWords),
    ];
  });
}

function idProblem(id: unknown): string | undefined {
  if (typeof id !== 'string' || id === '' || !isWellFormed(id)) return 'must be a non-empty string';
  return Buffer.byteLength(id) > maxIdBytes ? `must not exceed ${String(maxIdBytes)} bytes` : undefined;
}

function isKey(key: unknown): boolean {
  if (typeof key !== 'string') return types.isUint8Array(key) && key.length === keyBytes;
  // Node's decoder skips what is not base64; a key with a typing error in it must not become another key.
  return /^[\w+/-]{43}=?$/.test(key) && Buffer.from(key, 'base64').length === keyBytes;
}

function told(path: string, words: string | undefined): readonly ValidationProblem[] {
  return words === undefined ? [] : [{ path, message: `${path} ${words}` }];
}

function unknownNames(prefix: string, value: object, known: readonly string[]): readonly ValidationProblem[] {
  return Object.keys(value)
    .filter((name) => !known.includes(name))
    .map((name) => unknownOption(prefix, name, known));
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
