import { ValidationError } from '../base/errors.js';
import { canonicalJson } from '../keys/canonical-json.js';
import { classShapeOf, isOfNoClass } from '../keys/class-shape.js';
import { sha256 } from '../keys/digest.js';
import { recordOf } from '../keys/readable-state.js';
import { describeValue } from '../base/redact.js';
import { significantFields } from './ignored-fields.js';

export interface RequestKeyOptions {
  readonly prefix: string;
  readonly textHashThreshold: number;
}

/** How a request was made a key. */
export interface RequestKey {
  /** `ai:<operation>:<model>:<canonical request>`, or `ai:<operation>:<model>:sha256:<digest>`. */
  readonly key: string;
  /** Whether the request can be read in the key. */
  readonly readable: boolean;
  /** RFC 8785 canonical JSON of the request, less what is ignored. */
  readonly canonical: string;
  readonly ignored: readonly string[];
}

/** Characters that parameters may add to a text that stays readable. */
const parameterRoom = 500;
const modelRoom = 100;

/**
 * The key of a request. All of the request is in it, readable or as a SHA-256 digest, so that two requests share a key only when they are equal.
 *
 * It is readable when each of its texts has at most `textHashThreshold` characters and nothing in it looks like a secret.
 *
 * @throws ValidationError when the operation is no text or the request no object
 * @throws SerializationError when part of the request has no canonical form (a function, a stream, a circle), saying which
 */
export function requestKey(operation: string, request: object, options: RequestKeyOptions): RequestKey {
  assertRequest(operation, request);
  const { fields, ignored } = significantFields(recordOfRequest(request));
  const canonical = canonicalJson(fields, { omitUndefined: true });
  const readable = isReadable(canonical, options.textHashThreshold);
  // A digest has 43 characters of base64url, a canonical request begins with a brace: neither can pass for the other.
  const identity = readable ? canonical : `sha256:${sha256(canonical)}`;
  const model = escape(textOf(fields['model']).slice(0, modelRoom), /[%{\s]/g);
  const key = `${options.prefix}:${escape(operation, /[%:]/g)}:${model}:${identity}`;
  return { key, readable, canonical, ignored };
}

/** One field of a request as it counts. */
export interface RequestPart {
  readonly name: string;
  /** Characters of its canonical JSON. */
  readonly length: number;
  /** Its canonical JSON, when the key is readable. */
  readonly text?: string | undefined;
  /** SHA-256 of its canonical JSON. */
  readonly digest: string;
}

/** The fields of a request one by one: to find the one in which two requests differ. */
export function requestParts(request: object, readable: boolean): RequestPart[] {
  return Object.entries(significantFields(recordOfRequest(request)).fields)
    .map(([name, value]) => ({ name, text: canonicalJson(value, { omitUndefined: true }) }))
    .map(({ name, text }) => ({
      name,
      length: text.length,
      ...(readable ? { text } : {}),
      digest: sha256(text),
    }));
}

function assertRequest(operation: unknown, request: unknown): void {
  if (typeof operation !== 'string' || operation.trim() === '') {
    throw invalid('operation', `must be a non-empty string, got ${describeValue(operation)}`);
  }
  if (typeof request !== 'object' || request === null || Array.isArray(request)) {
    throw invalid('request', `must be an object, got ${describeValue(request)}`);
  }
}

/** An instance counts with all that it holds, or not at all: what its properties do not show would be in no key. */
function recordOfRequest(request: object): Readonly<Record<string, unknown>> {
  if (!isOfNoClass(request)) canonicalJson(request, { omitUndefined: true });
  const record = recordOf(request);
  if (record !== undefined) return record;
  throw invalid('request', `must be an object of fields, got ${classShapeOf(request).name}`);
}

function invalid(path: string, words: string): ValidationError {
  return new ValidationError([{ path, message: `${path} ${words}` }]);
}

/** A field below the top level counts whatever its name, but must not be shown. */
const secretLooking =
  /"[^"]*(api[-_]?key|authorization|password|passwd|secret|credential|(access|auth|bearer|refresh|session)[-_]?token)[^"]*"[:,]|:\/\/[^"/]*@|\bbearer |"sk-/i;

function isReadable(canonical: string, textHashThreshold: number): boolean {
  if (canonical.length > textHashThreshold + parameterRoom || secretLooking.test(canonical)) return false;
  // Escapes count as they are written: a text near the threshold may become a digest, a longer one always does.
  const texts = canonical.match(/"(?:[^"\\]|\\.)*":?/g) ?? [];
  return texts.every((text) => text.endsWith(':') || text.length - 2 <= textHashThreshold);
}

function textOf(model: unknown): string {
  return typeof model === 'string' && model !== '' ? model : '-';
}

function escape(text: string, characters: RegExp): string {
  return text.replace(
    characters,
    (one) => `%${one.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`,
  );
}
