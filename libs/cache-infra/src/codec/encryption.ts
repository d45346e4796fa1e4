import { createCipheriv, createDecipheriv, createSecretKey, randomBytes, type KeyObject } from 'node:crypto';
import { types } from 'node:util';
import { unknownOption } from '../base/checks.js';
import { ValidationError, type ValidationProblem } from '../base/errors.js';
import { isWellFormed } from '../keys/digest.js';
import { encryptedFlag, headerBytes, nonceOffset, writeChecksum } from './header.js';

/** One key of a {@link KeyRing}. */
export interface EncryptionKey {
  /** Name of the key, 1 to 64 bytes. Readable in every entry that the key encrypted. */
  readonly id: string;
  /** 32 random bytes, or their base64 (`openssl rand -base64 32`). */
  readonly key: Uint8Array | string;
}

/** Why {@link KeyRing.open} failed. */
export type OpenFailure = 'unknown-key' | 'unencrypted' | 'tampered';

const algorithm = 'aes-256-gcm';
const keyBytes = 32;
const maxIdBytes = 64;
/** 96 bits, the length that GCM uses without hashing (NIST SP 800-38D, 8.2). */
const ivBytes = 12;
const tagBytes = 16;

/**
 * AES-256-GCM for entries at rest. The first key encrypts, every key decrypts. To rotate keys without downtime: add the
 * new key as the second on every instance, then make it the first, and remove the old key when its entries have
 * expired.
 *
 * Random 96-bit IVs allow 2^32 writes per key (NIST SP 800-38D, 8.3): rotate the key before that.
 */
export class KeyRing {
  readonly #sealing: RingKey;
  readonly #byId: ReadonlyMap<string, RingKey>;

  /** @throws ValidationError that lists every problem of the keys without showing a key */
  constructor(keys: readonly EncryptionKey[]) {
    const problems = keyProblems('encryption.keys', keys);
    if (problems.length > 0) throw new ValidationError(problems);
    const ring = keys.map(ringKey);
    this.#sealing = ring[0] as RingKey;
    this.#byId = new Map(ring.map((key) => [key.id, key]));
  }

  /** Encrypts everything after the header of an entry, bound to the Redis key, and updates the checksum. */
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

  /** The inverse of {@link seal}; returns the reason on failure. */
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
  /** A `KeyObject`, because `inspect` and JSON do not show its bytes. */
  readonly secret: KeyObject;
}

function ringKey({ id, key }: EncryptionKey): RingKey {
  const bytes = typeof key === 'string' ? Buffer.from(key, 'base64') : key;
  return { id, idBytes: Buffer.from(id), secret: createSecretKey(bytes) };
}

/**
 * The associated data of an entry: the Redis key, so that entries cannot be swapped between keys, and the header, so
 * that version, flags, nonce, ttl and grace cannot be changed. The data omit the CRC, which covers the encrypted bytes,
 * and the stamp, which a replay of the journal rewrites ({@link restamp}). The cost: an attacker with write access to
 * Redis can keep a value alive beyond its ttl, but cannot read, change or move it.
 *
 * The parts before the Redis key encode their own lengths, so different entries never have the same associated data.
 */
function associatedData(redisKey: string, entry: Buffer, idBytes: Buffer): Buffer {
  return Buffer.concat([
    entry.subarray(0, 2),
    entry.subarray(nonceOffset, headerBytes + 1),
    idBytes,
    Buffer.from(redisKey),
  ]);
}

/** Checks `{ keys }`. Messages show no values: a value may be a misplaced key. */
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
  // Node's decoder skips invalid characters: a mistyped key must not become another key.
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
