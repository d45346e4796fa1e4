import { crc32 } from 'node:zlib';
import type { EntryMeta } from './entry.js';
import { assertTagsFit } from './header.js';
import { allocateFromSlab } from './slab.js';

/**
 * The text of an entry with `format: 'json'`, UTF-8, in one line without any other whitespace than before the stamp:
 *
 * ```
 * {"at":  1750000000123,"id":"fedcba98","crc":"0badcafe","ttl":60000,"grace":0,"tagEpoch":17,"tags":["a"],"value":…}
 * ```
 *
 * `at` is the stamp, in 15 characters; `id` the nonce, in 8 hexadecimal digits; the two are the entry's version id.
 * `crc` is the CRC-32 of all other bytes, in 8 hexadecimal digits. These three stand at fixed offsets. `tagEpoch` and
 * `tags` are there when the entry has tags; `version` when its value has one. The value comes last: the first
 * `,"value":` cannot be part of a string, where quotes are escaped.
 */
const start = /^\{"at": *(\d{1,15}),"id":"([\da-f]{8})","crc":"([\da-f]{8})",/;

/** The first byte of an entry in JSON: `{`. A binary entry begins with the format version. */
export const jsonStart = 0x7b;

const stampAt = 6;
const stampDigits = 15;
const crcAt = 45;
const crcDigits = 8;
const startBytes = 55;
const valueMark = ',"value":';
/** One more than the latest stamp of a version id. */
const stampLimit = 2 ** 48;

export interface JsonHead {
  readonly meta: EntryMeta;
  /** First byte of the value, which ends one byte before the entry. */
  readonly valueOffset: number;
}

/** @throws ValidationError for tags that do not fit in an entry of any format */
export function jsonEntry(valueText: string, meta: EntryMeta): Buffer {
  const { stamp, nonce, ttlMs, graceMs, tagEpoch, tags = [], version = 0 } = meta;
  assertTagsFit(tags);
  const id = hex(nonce);
  const tagged =
    tags.length === 0 && tagEpoch === 0
      ? ''
      : `,"tagEpoch":${String(tagEpoch)},"tags":${JSON.stringify(tags)}`;
  const ofVersion = version === 0 ? '' : `,"version":${String(version)}`;
  const lives = `"ttl":${String(ttlMs)},"grace":${String(graceMs)}${ofVersion}`;
  const crc = '0'.repeat(crcDigits);
  const text = `{"at":${padded(stamp)},"id":"${id}","crc":"${crc}",${lives}${tagged}${valueMark}${valueText}}`;
  const bytes = Buffer.byteLength(text);
  const entry = allocateFromSlab(bytes);
  // As many bytes as characters means ASCII, which is written faster as Latin-1.
  entry.write(text, 0, bytes === text.length ? 'latin1' : 'utf8');
  return sealed(entry);
}

/** A copy with another stamp, whole milliseconds since the Unix epoch. */
export function restampJson(entry: Buffer, stamp: number): Buffer {
  const copy = Buffer.from(entry);
  copy.write(padded(stamp), stampAt, 'latin1');
  return sealed(copy);
}

/** Whether bytes begin like an entry in JSON. */
export function isJsonEntry(entry: Buffer): boolean {
  return start.test(entry.toString('latin1', 0, startBytes));
}

/** Whether the checksum of an entry matches. */
export function isJsonIntact(entry: Buffer): boolean {
  return entry.toString('latin1', crcAt, crcAt + crcDigits) === checksum(entry);
}

/** The stamp and the nonce in the first bytes of an entry; `undefined` for other bytes. */
export function jsonVersion(head: Buffer): { readonly stamp: number; readonly nonce: number } | undefined {
  const match = version.exec(head.toString('latin1', 0, versionBytes));
  const stamp = Number(match?.[1]);
  return match === null || stamp >= stampLimit
    ? undefined
    : { stamp, nonce: parseInt(match[2] as string, 16) };
}

/** As the scripts in Redis match it. */
const version = /^\{"at": *(\d+),"id":"([\da-fA-F]{8})"/;
/** Bytes of an entry, of either format, that tell its version id. */
export const versionBytes = 37;

/** Reads what stands before the value; `undefined` when the bytes are no such entry, or are cut off before it. */
export function readJsonHead(bytes: Buffer): JsonHead | undefined {
  const end = bytes.indexOf(valueMark);
  const id = jsonVersion(bytes);
  if (end === -1 || id === undefined) return undefined;
  let head: unknown;
  try {
    head = JSON.parse(`${bytes.toString('utf8', 0, end)}}`);
  } catch {
    return undefined;
  }
  const { ttl, grace, tagEpoch = 0, tags = [], version: ofValue = 0 } = head as Record<string, unknown>;
  if (!isCount(ttl) || !isCount(grace) || !isCount(tagEpoch) || !isTexts(tags) || !isCount(ofValue))
    return undefined;
  const meta = { ...id, ttlMs: ttl, graceMs: grace, tagEpoch, tags: tags.length === 0 ? undefined : tags };
  const valueOffset = end + valueMark.length;
  return { meta: ofValue === 0 ? meta : { ...meta, version: ofValue }, valueOffset };
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((text) => typeof text === 'string');
}

function sealed(entry: Buffer): Buffer {
  entry.write(checksum(entry), crcAt, 'latin1');
  return entry;
}

/** CRC-32 of all bytes but its own digits. */
function checksum(entry: Buffer): string {
  return hex(crc32(entry.subarray(crcAt + crcDigits), crc32(entry.subarray(0, crcAt))));
}

function padded(stamp: number): string {
  return String(stamp).padStart(stampDigits);
}

function hex(number: number): string {
  return number.toString(16).padStart(8, '0');
}
