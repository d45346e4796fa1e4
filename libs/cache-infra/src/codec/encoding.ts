import { compressionName } from './compression.js';
import { formatOf, type EntryFormat } from './entry-head.js';
import {
  algorithmFlag,
  compressedFlag,
  encryptedFlag,
  formatVersion,
  headerBytes,
  knownFlags,
  readHeader,
} from './header.js';
import { isJsonEntry } from './json-entry.js';

/** How an entry is written. */
export interface Encoding {
  readonly format: EntryFormat;
  /** The algorithm; `'unknown'` = encryption hides its name, `undefined` = the entry is not compressed. */
  readonly compression: string | undefined;
  readonly isEncrypted: boolean;
}

/** The encoding of an entry, by its first bytes; `undefined` for bytes that are no entry of this release. */
export function encodingOf(entry: Buffer): Encoding | undefined {
  if (formatOf(entry) === 'json')
    return isJsonEntry(entry) ? { format: 'json', compression: undefined, isEncrypted: false } : undefined;
  const flags = entry[1] ?? 0;
  const isEntry = entry[0] === formatVersion && entry.length >= headerBytes && (flags & ~knownFlags) === 0;
  if (!isEntry) return undefined;
  return { format: 'binary', compression: compressionIn(entry), isEncrypted: (flags & encryptedFlag) !== 0 };
}

function compressionIn(entry: Buffer): string | undefined {
  const flags = entry.readUInt8(1);
  if ((flags & compressedFlag) === 0) return undefined;
  if ((flags & algorithmFlag) === 0) return 'deflate';
  const id =
    (flags & encryptedFlag) === 0 ? entry[readHeader(entry)?.payloadOffset ?? entry.length] : undefined;
  return id === undefined ? 'unknown' : compressionName(id);
}
