import { crc32 } from 'node:zlib';
import { isWellFormed } from '../keys/digest.js';
import { ValidationError } from '../base/errors.js';
import type { EntryMeta } from './entry.js';

/**
 * The bytes of a binary entry, big-endian:
 *
 * ```
 *  0      format version, 1
 *  1      flags: payload kind (bits 0-2), compressed (3), has tags (4), encrypted (5), has a version (6), names its
 *         compression (7)
 *  2- 5   CRC-32 of all bytes, with these four as 0
 *  6-11   stamp, ms since the Unix epoch   ┐ the entry's version id
 * 12-15   nonce                            ┘
 * 16-21   ttl, ms; 0 = never expires
 * 22-27   grace, ms
 * 28-31   when it has a version: the version (u32); then it has tags, perhaps none
 *  …      when it has tags: tag epoch (double), number of tags (u16), each tag's length in bytes (u16, top bit:
 *         UTF-16LE for text that UTF-8 cannot carry) and text
 *  …      payload; compressed: the algorithm (u8) if flag 7 is set, the raw length (u32), and the stream: that of the
 *         algorithm, or raw deflate
 * ```
 *
 * In an encrypted entry, bytes from 28 on are: length of the key's id (u8), the id (UTF-8), IV (12), the ciphertext of
 * the above bytes from 28 on, tag (16). The header stays readable, for scripts inside Redis.
 */
export const formatVersion = 1;
export const headerBytes = 28;
/** First byte of the version id, for scripts that compare entries inside Redis. */
export const versionIdOffset = 6;
/** Bytes of the version id: stamp and nonce. */
export const versionIdBytes = 10;
export const nonceOffset = 12;

export const compressedFlag = 0b0000_1000;
export const tagsFlag = 0b0001_0000;
export const encryptedFlag = 0b0010_0000;
export const versionFlag = 0b0100_0000;
/** Beside {@link compressedFlag}: not by deflate, but by the algorithm before the raw length. */
export const algorithmFlag = 0b1000_0000;
export const payloadKindMask = 0b0000_0111;
export const knownFlags =
  payloadKindMask | compressedFlag | tagsFlag | encryptedFlag | versionFlag | algorithmFlag;

const crcOffset = 2;
const utf16Flag = 0x8000;
const maxTagBytes = 0x7fff;
const maxTags = 0xffff;

/** @throws ValidationError for tags that do not fit in the header of an entry */
export function assertTagsFit(tags: readonly string[]): void {
  if (tags.length > maxTags) throw tagError(`tags must not be more than ${maxTags}, got ${tags.length}`);
  // A tag that is short enough in the longest encoding need not be encoded.
  for (const tag of tags) if (tag.length * 3 > maxTagBytes) encodeTag(tag);
}

/** Encodes the version and the tags of an entry; `undefined` when there are none. */
export function encodeTags({
  tags = [],
  tagEpoch,
  version = 0,
}: Pick<EntryMeta, 'tags' | 'tagEpoch' | 'version'>): Buffer | undefined {
  if (tags.length === 0 && tagEpoch === 0 && version === 0) return undefined;
  assertTagsFit(tags);
  const start = Buffer.allocUnsafe(version === 0 ? 10 : 14);
  if (version !== 0) start.writeUInt32BE(version);
  start.writeDoubleBE(tagEpoch, start.length - 10);
  start.writeUInt16BE(tags.length, start.length - 2);
  return Buffer.concat([start, ...tags.flatMap(encodeTag)]);
}

function encodeTag(tag: string): Buffer[] {
  const utf8 = isWellFormed(tag);
  const text = Buffer.from(tag, utf8 ? 'utf8' : 'utf16le');
  if (text.length > maxTagBytes)
    throw tagError(`a tag must not exceed ${maxTagBytes} bytes, got ${text.length}`);
  const length = Buffer.allocUnsafe(2);
  length.writeUInt16BE(utf8 ? text.length : text.length | utf16Flag);
  return [length, text];
}

function tagError(message: string): ValidationError {
  return new ValidationError([{ path: 'tags', message }]);
}

/** Writes the header. The payload must be written before, because the checksum covers it. */
export function sealEntry(entry: Buffer, flags: number, meta: EntryMeta): void {
  entry[0] = formatVersion;
  entry[1] = meta.version === undefined || meta.version === 0 ? flags : flags | versionFlag;
  entry.writeUIntBE(meta.stamp, versionIdOffset, 6);
  entry.writeUInt32BE(meta.nonce, nonceOffset);
  entry.writeUIntBE(meta.ttlMs, 16, 6);
  entry.writeUIntBE(meta.graceMs, 22, 6);
  writeChecksum(entry);
}

/** The version id of an entry, which distinguishes it from other entries of its key. */
export function versionId(stamp: number, nonce: number): Buffer {
  const id = Buffer.alloc(versionIdBytes);
  id.writeUIntBE(stamp, 0, 6);
  id.writeUInt32BE(nonce, nonceOffset - versionIdOffset);
  return id;
}

/** Copies a binary entry with another stamp. */
export function restampHeader(entry: Buffer, stamp: number): Buffer {
  const copy = Buffer.from(entry);
  copy.writeUIntBE(stamp, versionIdOffset, 6);
  writeChecksum(copy);
  return copy;
}

/** Updates the checksum of an entry. */
export function writeChecksum(entry: Buffer): void {
  // Zero the field in place: creating views around it would take longer than the checksum of a small entry.
  entry.writeUInt32BE(0, crcOffset);
  entry.writeUInt32BE(crc32(entry), crcOffset);
}

/** Whether the checksum of an entry matches. */
export function isIntact(entry: Buffer): boolean {
  const written = entry.readUInt32BE(crcOffset);
  writeChecksum(entry);
  if (entry.readUInt32BE(crcOffset) === written) return true;
  entry.writeUInt32BE(written, crcOffset);
  return false;
}

export interface Header {
  readonly meta: EntryMeta;
  readonly payloadOffset: number;
}

/** The header of an intact entry; `undefined` when its tags do not fit in it. */
export function readHeader(entry: Buffer): Header | undefined {
  const flags = entry.readUInt8(1);
  const isVersioned = (flags & versionFlag) !== 0;
  const start = isVersioned ? headerBytes + 4 : headerBytes;
  // With a version, the section of tags is always there.
  if (isVersioned && ((flags & tagsFlag) === 0 || entry.length < start)) return undefined;
  const section = (flags & tagsFlag) === 0 ? untagged : readTags(entry, start);
  if (section === undefined) return undefined;
  const meta: EntryMeta = {
    stamp: entry.readUIntBE(versionIdOffset, 6),
    nonce: entry.readUInt32BE(nonceOffset),
    ttlMs: entry.readUIntBE(16, 6),
    graceMs: entry.readUIntBE(22, 6),
    tagEpoch: section.tagEpoch,
    tags: section.tags,
  };
  if (isVersioned) {
    const version = entry.readUInt32BE(headerBytes);
    return { meta: { ...meta, version }, payloadOffset: section.end };
  }
  return { meta, payloadOffset: section.end };
}

interface TagSection {
  readonly tagEpoch: number;
  readonly tags: readonly string[] | undefined;
  readonly end: number;
}

const untagged: TagSection = { tagEpoch: 0, tags: undefined, end: headerBytes };

function readTags(entry: Buffer, from: number): TagSection | undefined {
  let at = from + 10;
  if (entry.length < at) return undefined;
  const tagEpoch = entry.readDoubleBE(from);
  const count = entry.readUInt16BE(from + 8);
  const tags: string[] = [];
  while (tags.length < count) {
    if (entry.length < at + 2) return undefined;
    const length = entry.readUInt16BE(at);
    const start = at + 2;
    at = start + (length & maxTagBytes);
    if (entry.length < at) return undefined;
    tags.push(entry.toString((length & utf16Flag) === 0 ? 'utf8' : 'utf16le', start, at));
  }
  if (!Number.isSafeInteger(tagEpoch)) return undefined;
  return { tagEpoch, tags: count === 0 ? undefined : tags, end: at };
}
