import { isWellFormed } from '../keys/digest.js';
import { maxDepth } from '../base/trail.js';
import { decodeExtended, encodeExtended, type DecodingRules } from './extended-json.js';
import { hasMoreParts } from './json-parts.js';
import type { Snapshot } from '../values/snapshot.js';
import { binaryFrom, binaryKind, bytesOf } from '../values/typed-arrays.js';

/** The encoding of a value. Written into entries: never renumber. */
export const payloadKind = { json: 0, text: 1, buffer: 2, bytes: 3, extended: 4 } as const;

export interface Payload {
  readonly kind: number;
  /** A string is written directly into the entry, as UTF-8. */
  readonly data: string | Buffer;
  /** Length of the bytes. */
  readonly bytes: number;
}

export function encodePayload({ value, json, shares }: Snapshot): Payload {
  if (typeof value === 'string' && isWellFormed(value)) return textPayload(payloadKind.text, value);
  if (json && !shares) return textPayload(payloadKind.json, JSON.stringify(value));
  const binary = typeof value === 'object' && value !== null ? binaryKind(value) : undefined;
  if (binary === 'Buffer') return bytesPayload(payloadKind.buffer, bytesOf(value as Buffer));
  if (binary === 'Uint8Array') return bytesPayload(payloadKind.bytes, bytesOf(value as Uint8Array));
  return bytesPayload(payloadKind.extended, encodeExtended(value, shares));
}

function textPayload(kind: number, data: string): Payload {
  return { kind, data, bytes: Buffer.byteLength(data) };
}

function bytesPayload(kind: number, data: Buffer): Payload {
  return { kind, data, bytes: data.length };
}

/** @throws Error when the bytes are invalid for the kind */
export function decodePayload(kind: number, bytes: Buffer, offset: number, rules: DecodingRules): unknown {
  switch (kind) {
    case payloadKind.json:
      return decodeJson(bytes, offset, rules.maxNodes);
    case payloadKind.text:
      return bytes.toString('utf8', offset);
    case payloadKind.buffer:
      return binaryFrom('Buffer', bytes.subarray(offset));
    case payloadKind.bytes:
      return binaryFrom('Uint8Array', bytes.subarray(offset));
    case payloadKind.extended:
      return decodeExtended(bytes.subarray(offset), rules);
    default:
      throw new TypeError('unknown payload kind');
  }
}

function decodeJson(bytes: Buffer, offset: number, maxNodes: number): unknown {
  if (hasMoreParts(bytes.subarray(offset), maxNodes)) throw new RangeError('too many parts');
  const value: unknown = JSON.parse(bytes.toString('utf8', offset));
  // A level takes at least two bytes, so most entries are too short to be checked.
  if (bytes.length - offset > 2 * maxDepth && isTooDeep(value, maxDepth))
    throw new RangeError('nested too deep');
  return value;
}

function isTooDeep(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (levels === 0) return true;
  for (const part of Array.isArray(value) ? value : Object.values(value)) {
    if (typeof part === 'object' && part !== null && isTooDeep(part, levels - 1)) return true;
  }
  return false;
}
