import type { DecodedEntry, DecodeFailure, EntryMeta } from './entry.js';
import type { DecodingRules } from './extended-json.js';
import { headerBytes } from './header.js';
import { isJsonEntry, isJsonIntact, jsonEntry, readJsonHead } from './json-entry.js';
import { jsonText } from './json-text.js';
import { decodePayload, payloadKind } from './payload.js';
import { assertWithin } from './size-bound.js';
import type { Snapshot } from '../values/snapshot.js';

/** Converts between values and entries with `format: 'json'`. */
export class JsonCodec {
  readonly #decoding: DecodingRules;
  readonly #maxValueBytes: number;

  /** @param maxValueBytes largest text of a value, in bytes, that is written or read */
  constructor(decoding: DecodingRules, maxValueBytes: number) {
    this.#decoding = decoding;
    this.#maxValueBytes = maxValueBytes;
  }

  /**
   * @throws SerializationError when the value is larger than `maxValueBytes`, or JSON would change it
   * @throws ValidationError when the tags do not fit
   */
  encode(value: Snapshot, meta: EntryMeta): Buffer {
    return jsonEntry(this.textOf(value), meta);
  }

  /** @throws SerializationError when the value is larger than `maxValueBytes`, or JSON would change it */
  textOf(value: Snapshot): string {
    const text = jsonText(value, this.#decoding.maxNodes);
    assertWithin(Buffer.byteLength(text), this.#maxValueBytes);
    return text;
  }

  /** Decodes bytes that begin with `{`. Never throws. */
  decode(bytes: Buffer): DecodedEntry {
    if (bytes.length < headerBytes) return failed('truncated');
    if (!isJsonEntry(bytes)) return failed('version');
    if (!isJsonIntact(bytes)) return failed('checksum');
    const head = readJsonHead(bytes);
    if (head === undefined) return failed('format');
    const { meta, valueOffset } = head;
    const end = bytes.length - 1;
    if (end - valueOffset > this.#maxValueBytes) return failed('too-large');
    try {
      const value = decodePayload(payloadKind.json, bytes.subarray(0, end), valueOffset, this.#decoding);
      return { ok: true, value, meta };
    } catch {
      return failed('format');
    }
  }
}

function failed(reason: DecodeFailure): DecodedEntry {
  return { ok: false, reason };
}
