import { ValidationError } from '../../base/errors.js';
import { hasSymbolKeys } from '../../base/opaque.js';
import { canonicalForm, canonicalJson } from '../../keys/canonical-json.js';
import { classShapeOf, isOfNoClass } from '../../keys/class-shape.js';
import { sha256 } from '../../keys/digest.js';
import { FrozenTexts } from '../../keys/frozen-texts.js';
import { recordOf } from '../../keys/readable-state.js';
import { describeValue } from '../../base/redact.js';
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
  /**
   * RFC 8785 canonical JSON of the request without the ignored fields. A long text in it is `!sha256("digest",length)`,
   * which no text can imitate: text is quoted.
   */
  readonly canonical: string;
  /** Characters of `canonical`, with the texts that its digests stand for. */
  readonly length: number;
  readonly ignored: readonly string[];
}

/**
 * A text of this many characters is hashed as it is: quoting it, to hash it within the request, costs several times as
 * much. Tools that every request shares are written once if they are frozen.
 */
const formOptions = { omitUndefined: true, digestFrom: 1024, frozen: new FrozenTexts() };
/** Characters that a readable request may have beyond `textHashThreshold`, for its parameters. */
const parameterRoom = 500;
const modelRoom = 100;
/** Characters of the digest of a model whose name is not shown. */
const modelDigest = 12;

/**
 * Computes the key of a request. The key contains the whole request, readable or as a SHA-256 digest, so only equal
 * requests share a key.
 *
 * The request is readable if it consists of its model (at most `textHashThreshold` characters), numbers and booleans.
 *
 * @throws ValidationError when the operation is not a string, the request not an object, or no field of it is in the
 * key
 * @throws SerializationError with the path, when a part of the request has no canonical form (a function, a stream, a
 * circular reference)
 */
export function requestKey(operation: string, request: object, options: RequestKeyOptions): RequestKey {
  assertRequest(operation, request);
  const { fields, ignored } = significantPart(request, options.ignored);
  const { text: canonical, length } = canonicalForm(fields, formOptions);
  const { textHashThreshold } = options;
  const isShort = canonical.length <= textHashThreshold + parameterRoom;
  const readable =
    isShort && Object.entries(fields).every(([name, value]) => isReadable(name, value, textHashThreshold));
  // A canonical request begins with a brace, a digest never does: they cannot be confused.
  const identity = readable ? canonical : `sha256:${sha256(canonical)}`;
  const key = `${options.prefix}:${operations.of(operation)}:${models.of(fields['model'])}:${identity}`;
  return { key, readable, canonical, length, ignored };
}

/** The parts of keys that few texts make: each is made once. */
class KeyParts {
  readonly #known = new Map<unknown, string>();
  readonly #make: (text: unknown) => string;

  constructor(make: (text: unknown) => string) {
    this.#make = make;
  }

  of(text: unknown): string {
    const known = this.#known.get(text);
    if (known !== undefined) return known;
    const part = this.#make(text);
    // Models and operations may come from clients.
    if (typeof text === 'string' && text.length <= modelRoom && this.#known.size < mostParts)
      this.#known.set(text, part);
    return part;
  }
}

const mostParts = 1000;
const operations = new KeyParts((operation) => escape(String(operation), /[%:]/g));
const models = new KeyParts((model) => escape(shownModel(model), /[%{\s]/g));

/** One field of a request in its key. */
export interface RequestPart {
  readonly name: string;
  /** Length of the canonical JSON in characters. */
  readonly length: number;
  /** Canonical JSON of the model, a number or a boolean. */
  readonly text?: string | undefined;
  /** SHA-256 of the canonical JSON. */
  readonly digest: string;
}

/** The fields of a request, to find the one in which two requests differ. */
export function requestParts(
  request: object,
  { textHashThreshold, ignored }: Omit<RequestKeyOptions, 'prefix'>,
): RequestPart[] {
  return Object.entries(significantPart(request, ignored).fields).map(([name, value]) => {
    const text = canonicalJson(value, { omitUndefined: true });
    const shown = isReadable(name, value, textHashThreshold) ? { text } : {};
    return { name, length: text.length, ...shown, digest: sha256(text) };
  });
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

/**
 * Whether a field may be read in a key: the name of the model, a number or a boolean, under a name that is short. Every
 * other field may hold a secret or a prompt, whatever its name. Names of secrets are not searched for: a list of them
 * is never complete.
 */
function isReadable(name: string, value: unknown, textHashThreshold: number): boolean {
  if (!/^[a-z_]\w{0,39}$/i.test(name)) return false;
  if (value === null || typeof value === 'number' || typeof value === 'boolean') return true;
  return name === 'model' && isModelName(value) && value.length <= textHashThreshold;
}

/** A model can also be an address, which may hold credentials. */
function isModelName(model: unknown): model is string {
  return typeof model === 'string' && /^[@\w][\w./:@+-]*$/.test(model) && !model.includes('://');
}

/** The model in the key, for people who look at keys: the identity of the request does not depend on it. */
function shownModel(model: unknown): string {
  if (typeof model !== 'string' || model === '') return '-';
  return isModelName(model) ? model.slice(0, modelRoom) : `sha256:${sha256(model).slice(0, modelDigest)}`;
}

function escape(text: string, characters: RegExp): string {
  return text.replace(
    characters,
    (one) => `%${one.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`,
  );
}
