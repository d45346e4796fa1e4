import { CacheTypes } from '../values/cache-type.js';
import {
  compressionFor,
  compressionOf,
  isPlausible,
  type Compression,
  type CompressionAlgorithm,
} from './compression.js';
import type { KeyRing } from './encryption.js';
import type { DecodedEntry, DecodeFailure, EntryMeta } from './entry.js';
import {
  algorithmFlag,
  compressedFlag,
  encodeTags,
  encryptedFlag,
  formatVersion,
  headerBytes,
  isIntact,
  knownFlags,
  payloadKindMask,
  readHeader,
  sealEntry,
  tagsFlag,
} from './header.js';
import { formatOf, type EntryFormat } from './entry-head.js';
import type { DecodingRules } from './extended-json.js';
import { JsonCodec } from './json-codec.js';
import { decodePayload, encodePayload, type Payload } from './payload.js';
import { assertWithin, isSurelyWithin } from './size-bound.js';
import { allocateFromSlab } from './slab.js';
import { defaultMaxNodes, type Snapshot } from '../values/snapshot.js';

export type { DecodedEntry, DecodeFailure, EntryMeta } from './entry.js';

export interface CodecOptions {
  /** How entries are written: `'json'` neither compresses nor encrypts. Default `'binary'`. Both are read. */
  readonly format?: EntryFormat | undefined;
  readonly enableCompression: boolean;
  /** Payloads above this many bytes are compressed. */
  readonly compressionThreshold: number;
  /** Default `'deflate'`. Entries of every algorithm are read, whichever this is. */
  readonly compressionAlgorithm?: CompressionAlgorithm | undefined;
  /** From fast to small, in the range of `compressionLevels`. Default: that of the algorithm. */
  readonly compressionLevel?: number | undefined;
  /** Largest payload, in bytes before compression, that is written or read. */
  readonly maxValueBytes: number;
  /**
   * Maximum parts of a value that is read: objects, array elements and every other value in them. Default 2,000,000.
   */
  readonly maxNodes?: number | undefined;
  /** Types whose instances are decoded as instances. Default: none. */
  readonly types?: CacheTypes | undefined;
  /** Encrypts every entry; unencrypted entries are then refused. */
  readonly encryption?: KeyRing | undefined;
}

/** Converts between values and the bytes of entries in Redis. */
export class Codec {
  /** Compression so far: number of values compressed, their bytes before and after. */
  readonly compression = { count: 0, bytesIn: 0, bytesOut: 0 };
  readonly #options: CodecOptions;
  readonly #decoding: DecodingRules;
  readonly #format: EntryFormat;
  readonly #json: JsonCodec;
  readonly #compression: Compression;
  readonly #level: number;

  constructor(options: CodecOptions) {
    this.#options = options;
    const { compressionAlgorithm = 'deflate', compressionLevel, format = 'binary' } = options;
    this.#format = format;
    const { compression, level } = compressionFor(compressionAlgorithm, compressionLevel);
    this.#compression = compression;
    this.#level = level;
    const { types = new CacheTypes(), maxNodes = defaultMaxNodes } = options;
    this.#decoding = { types, maxNodes };
    this.#json = new JsonCodec(this.#decoding, options.maxValueBytes);
  }

  /**
   * Encodes an entry; returns a promise only for large values, which are compressed off the event loop.
   *
   * @param value the result of `snapshot`
   * @param redisKey the key of the entry; an encrypted entry decodes only under it
   * @param format that of an entry which is written again; default: that of the codec
   * @throws SerializationError when the value is larger than `maxValueBytes`, or is none of JSON and the format is;
   * ValidationError when its tags do not fit (synchronously, not by the promise)
   */
  encode(
    value: Snapshot,
    meta: EntryMeta,
    redisKey: string,
    format: EntryFormat = this.#format,
  ): Buffer | Promise<Buffer> {
    if (format === 'json') return this.#json.encode(value, meta);
    const entry = this.#encodePlain(value, meta);
    const { encryption } = this.#options;
    if (encryption === undefined) return entry;
    return entry instanceof Promise
      ? entry.then((plain) => encryption.seal(redisKey, plain))
      : encryption.seal(redisKey, entry);
  }

  /** @throws SerializationError when the value is larger than `maxValueBytes`, or the format does not hold it */
  assertFits(kept: Snapshot): void {
    if (this.#format === 'json') {
      this.#json.textOf(kept);
      return;
    }
    const { maxValueBytes } = this.#options;
    if (kept.shares || !isSurelyWithin(kept.value, maxValueBytes))
      assertWithin(encodePayload(kept).bytes, maxValueBytes);
  }

  /** @throws ValidationError when the tags do not fit in an entry */
  assertTagsFit(tags: readonly string[]): void {
    encodeTags({ tags, tagEpoch: 0 });
  }

  /**
   * Decodes the bytes under `redisKey` to an entry or a failure. Never throws or rejects; returns a promise only for
   * large compressed values.
   */
  decode(bytes: Buffer, redisKey: string): DecodedEntry | Promise<DecodedEntry> {
    const { encryption } = this.#options;
    if (formatOf(bytes) === 'json')
      return encryption === undefined ? this.#json.decode(bytes) : failed('unencrypted');
    if (bytes.length < headerBytes) return failed('truncated');
    if (bytes[0] !== formatVersion) return failed('version');
    if (!isIntact(bytes)) return failed('checksum');
    const flags = bytes.readUInt8(1);
    if ((flags & ~knownFlags) !== 0) return failed('format');
    if (encryption === undefined) {
      return (flags & encryptedFlag) === 0 ? this.#decodePlain(bytes) : failed('encrypted');
    }
    const plain = encryption.open(redisKey, bytes);
    return typeof plain === 'string' ? failed(plain) : this.#decodePlain(plain);
  }

  #encodePlain(value: Snapshot, meta: EntryMeta): Buffer | Promise<Buffer> {
    const payload = encodePayload(value);
    const { enableCompression, compressionThreshold, maxValueBytes } = this.#options;
    assertWithin(payload.bytes, maxValueBytes);
    const tags = encodeTags(meta);
    if (!enableCompression || payload.bytes <= compressionThreshold) return rawEntry(payload, tags, meta);
    const raw = payloadBuffer(payload);
    const compressed = this.#compression.compress(raw, this.#level);
    return compressed instanceof Promise
      ? compressed.then((result) => this.#smaller(payload, raw, result, tags, meta))
      : this.#smaller(payload, raw, compressed, tags, meta);
  }

  #decodePlain(bytes: Buffer): DecodedEntry | Promise<DecodedEntry> {
    const header = readHeader(bytes);
    if (header === undefined) return failed('format');
    const flags = bytes.readUInt8(1);
    const { meta, payloadOffset } = header;
    if ((flags & compressedFlag) !== 0) return this.#decompressed(bytes, flags, meta, payloadOffset);
    if ((flags & algorithmFlag) !== 0) return failed('format');
    if (bytes.length - payloadOffset > this.#options.maxValueBytes) return failed('too-large');
    return this.#opened(flags, bytes, payloadOffset, meta);
  }

  #smaller(
    payload: Payload,
    raw: Buffer,
    compressed: Buffer,
    tags: Buffer | undefined,
    meta: EntryMeta,
  ): Buffer {
    const { id } = this.#compression;
    // Deflate goes unnamed, so that releases before the other algorithms read its entries.
    const named = id === 0 ? 0 : 1;
    if (compressed.length + named + 4 >= raw.length) return rawEntry(payload, tags, meta);
    this.compression.count++;
    this.compression.bytesIn += raw.length;
    this.compression.bytesOut += compressed.length;
    const [entry, at] = entryFor(tags, named + 4 + compressed.length);
    if (named === 1) entry.writeUInt8(id, at);
    entry.writeUInt32BE(raw.length, at + named);
    entry.set(compressed, at + named + 4);
    const flags = payload.kind | compressedFlag | (named === 1 ? algorithmFlag : 0);
    return sealed(entry, flags, tags, meta);
  }

  #decompressed(
    bytes: Buffer,
    flags: number,
    meta: EntryMeta,
    at: number,
  ): DecodedEntry | Promise<DecodedEntry> {
    const isNamed = (flags & algorithmFlag) !== 0;
    const lengthAt = isNamed ? at + 1 : at;
    const stream = bytes.subarray(lengthAt + 4);
    if (stream.length === 0) return failed('format');
    const compression = compressionOf(isNamed ? bytes.readUInt8(at) : 0);
    if (compression === undefined) return failed('unknown-compression');
    const rawBytes = bytes.readUInt32BE(lengthAt);
    if (rawBytes > this.#options.maxValueBytes) return failed('too-large');
    if (!isPlausible(compression, stream.length, rawBytes)) return failed('format');
    const open = (raw: Buffer): DecodedEntry =>
      raw.length === rawBytes ? this.#opened(flags, raw, 0, meta) : failed('format');
    try {
      const raw = compression.decompress(stream, rawBytes);
      return raw instanceof Promise ? raw.then(open, () => failed('format')) : open(raw);
    } catch {
      return failed('format');
    }
  }

  #opened(flags: number, bytes: Buffer, offset: number, meta: EntryMeta): DecodedEntry {
    try {
      return { ok: true, value: decodePayload(flags & payloadKindMask, bytes, offset, this.#decoding), meta };
    } catch {
      return failed('format');
    }
  }
}

function failed(reason: DecodeFailure): DecodedEntry {
  return { ok: false, reason };
}

function rawEntry(payload: Payload, tags: Buffer | undefined, meta: EntryMeta): Buffer {
  const [entry, at] = entryFor(tags, payload.bytes);
  if (typeof payload.data === 'string') writeText(entry, payload.data, payload.bytes, at);
  else entry.set(payload.data, at);
  return sealed(entry, payload.kind, tags, meta);
}

function writeText(entry: Buffer, text: string, bytes: number, at: number): void {
  // As many bytes as characters means ASCII, which is written faster as Latin-1.
  entry.write(text, at, bytes === text.length ? 'latin1' : 'utf8');
}

function payloadBuffer(payload: Payload): Buffer {
  return typeof payload.data === 'string' ? Buffer.from(payload.data, 'utf8') : payload.data;
}

function entryFor(tags: Buffer | undefined, payloadBytes: number): [entry: Buffer, payloadOffset: number] {
  const at = headerBytes + (tags?.length ?? 0);
  const entry = allocateFromSlab(at + payloadBytes);
  if (tags !== undefined) entry.set(tags, headerBytes);
  return [entry, at];
}

function sealed(entry: Buffer, flags: number, tags: Buffer | undefined, meta: EntryMeta): Buffer {
  sealEntry(entry, tags === undefined ? flags : flags | tagsFlag, meta);
  return entry;
}
