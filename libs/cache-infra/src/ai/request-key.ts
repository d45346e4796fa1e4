import { ValidationError } from '../base/errors.js';
import { hasSymbolKeys } from '../base/opaque.js';
import { canonicalJson } from '../keys/canonical-json.js';
import { classShapeOf, isOfNoClass } from '../keys/class-shape.js';
import { sha256 } from '../keys/digest.js';
import { recordOf } from '../keys/readable-state.js';
import { describeValue } from '../base/redact.js';
import { significantFields, type Significant } from './ignored-fields.js';
import type { IgnoredNames } from './ignored-names.js';

export interface RequestKeyOptions {
  readonly prefix: string;
  readonly textHashThreshold: number;
  /** Default: none. */
  readonly ignored?: IgnoredNames | undefined;
}

/** The key of a request. */
export interface RequestKey {
  /** `ai:<operation>:<model>:<canonical request>`, or `ai:<operation>:<model>:sha256:<digest>`. */
  readonly key: string;
  /** Whether the key contains the request in readable form. */
  readonly readable: boolean;
  /** RFC 8785 canonical JSON of the request without the ignored fields. */
  readonly canonical: string;
  readonly ignored: readonly string[];
}

/** Characters that a readable request may have beyond `textHashThreshold`, for its parameters. */
const parameterRoom = 500;
const modelRoom = 100;

/**
 * Computes the key of a request. The key contains the whole request, readable or as a SHA-256 digest, so only equal
 * requests share a key.
 *
 * The request is readable if each of its strings has at most `textHashThreshold` characters and none looks like a
 * secret.
 *
 * @throws ValidationError when the operation is not a string, the request not an object, or no field of it is in the key
 * @throws SerializationError with the path, when a part of the request has no canonical form (a function, a stream, a
 * circular reference)
 */
export function requestKey(operation: string, request: object, options: RequestKeyOptions): RequestKey {
  assertRequest(operation, request);
  const { fields, ignored } = significantPart(request, options.ignored);
  const canonical = canonicalJson(fields, { omitUndefined: true });
  const readable = isReadable(canonical, options.textHashThreshold);
  // A canonical request begins with a brace, a digest never does: they cannot be confused.
  const identity = readable ? canonical : `sha256:${sha256(canonical)}`;
  const model = escape(textOf(fields['model']).slice(0, modelRoom), /[%{\s]/g);
  const key = `${options.prefix}:${escape(operation, /[%:]/g)}:${model}:${identity}`;
  return { key, readable, canonical, ignored };
}

/** One field of a request in its key. */
export interface RequestPart {
  readonly name: string;
  /** Length of the canonical JSON in characters. */
  readonly length: number;
  /** Canonical JSON, if the key is readable. */
  readonly text?: string | undefined;
  /** SHA-256 of the canonical JSON. */
  readonly digest: string;
}

/** The fields of a request, to find the one in which two requests differ. */
export function requestParts(request: object, readable: boolean, ignored?: IgnoredNames): RequestPart[] {
  return Object.entries(significantPart(request, ignored).fields)
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

function significantPart(request: object, ignored: IgnoredNames | undefined): Significant {
  const found = significantFields(recordOfRequest(request), ignored);
  if (Object.keys(found.fields).length > 0) return found;
  throw invalid(
    'request',
    'must have at least one field that is in the key, else all requests share one answer',
  );
}

/** The fields of a request. Refuses an instance with unreadable state, which would be missing in the key. */
function recordOfRequest(request: object): Readonly<Record<string, unknown>> {
  if (!isOfNoClass(request) || hasSymbolKeys(request)) canonicalJson(request, { omitUndefined: true });
  const record = recordOf(request);
  if (record !== undefined) return record;
  throw invalid('request', `must be an object of fields, got ${classShapeOf(request).name}`);
}

function invalid(path: string, words: string): ValidationError {
  return new ValidationError([{ path, message: `${path} ${words}` }]);
}

/** Nested secrets are part of the key, but must not be readable in it. */
const secretLooking =
  /"[^"]*(api[-_]?key|authorization|password|passwd|secret|credential|(access|auth|bearer|refresh|session)[-_]?token)[^"]*"[:,]|:\/\/[^"/]*@|\bbearer |"sk-/i;

function isReadable(canonical: string, textHashThreshold: number): boolean {
  if (canonical.length > textHashThreshold + parameterRoom || secretLooking.test(canonical)) return false;
  // Escaped length counts: a text just below the threshold may be digested, a longer one always is.
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
