// What the first bytes of an entry tell, whichever its format.
import { hasZstd } from './compression.js';
import type { EntryMeta } from './entry.js';
import {
  algorithmFlag,
  encryptedFlag,
  formatVersion,
  headerBytes,
  knownFlags,
  readHeader,
  restampHeader,
  tagsFlag,
  versionId,
  versionIdBytes,
  versionIdOffset,
} from './header.js';
import { jsonStart, jsonVersion, readJsonHead, restampJson } from './json-entry.js';

export { versionBytes } from './json-entry.js';

/** How entries are written. A cache reads both. */
export type EntryFormat = 'binary' | 'json';

export function formatOf(entry: Buffer): EntryFormat {
  return entry[0] === jsonStart ? 'json' : 'binary';
}

/**
 * The version id of an entry, which distinguishes it from other entries of its key: stamp and nonce, ten bytes. Bytes
 * of no entry get an id, too. The function `versionIn` of the scripts in Redis gives the same ids.
 *
 * @param head the entry, or its first `versionBytes`
 */
export function versionIdOf(head: Buffer): Buffer {
  const id = head[0] === jsonStart ? jsonVersion(head) : undefined;
  return id === undefined
    ? head.subarray(versionIdOffset, versionIdOffset + versionIdBytes)
    : versionId(id.stamp, id.nonce);
}

/** Copies an entry, encrypted or not, with another `stamp` (whole milliseconds since the Unix epoch). */
export function restamp(entry: Buffer, stamp: number): Buffer {
  return formatOf(entry) === 'json' ? restampJson(entry, stamp) : restampHeader(entry, stamp);
}

/** The metadata in the first bytes of an entry; `'whole'` = the whole entry must be read; `undefined` = no bytes. */
export function metaOf(head: Buffer): EntryMeta | undefined | 'whole' {
  if (head.length === 0) return undefined;
  if (formatOf(head) === 'json') return readJsonHead(head)?.meta ?? 'whole';
  const flags = head[1] ?? 0;
  const isReadable = head.length >= headerBytes && head[0] === formatVersion && (flags & ~knownFlags) === 0;
  if (!isReadable) return 'whole';
  // The tags of an encrypted entry are encrypted, too.
  if ((flags & tagsFlag) !== 0 && (flags & encryptedFlag) !== 0) return 'whole';
  // This process may lack the algorithm: then the entry is a miss, which only its payload tells.
  if ((flags & algorithmFlag) !== 0 && !hasZstd) return 'whole';
  return readHeader(head)?.meta ?? 'whole';
}
