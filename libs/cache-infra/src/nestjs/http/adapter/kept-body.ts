import { snapshot } from '../../../values/snapshot.js';
import { sha256 } from '../../../keys/digest.js';
import { instanceWithin } from '../rules/plain-data.js';
import { storedBody, type StoredBody } from '../rules/stored-body.js';

/** Who gets the value that this cache answers with. */
export type Recipient =
  /** Nest sends its JSON. */
  | 'client'
  /** Code that may act by the class of a value: an interceptor, a hook, a replacer, a serializer. */
  | 'code'
  /** Nest's own serializers, which tell by the class or the type of a value what to leave out. */
  | 'serializer';

/** What to keep of a handler's answer, or why it must not be kept. */
export type Kept =
  | { readonly body: StoredBody }
  | { readonly refusal: 'no-json' }
  | { readonly refusal: 'class-instances'; readonly className: string };

/**
 * The rule by which values lose nothing in the cache: a client gets JSON, and JSON is kept for it. Other code gets a value that
 * is equal to the handler's: `Date`, `Map`, `Set` and bytes as themselves, and an object of a class not at all, unless `isPlain`.
 */
export function keptBody(value: unknown, recipient: Recipient, isPlain: boolean): Kept {
  const body = storedBody(value);
  if (body === undefined) return { refusal: 'no-json' };
  if (recipient === 'client' || (recipient === 'code' && isPlain)) return { body };
  const className = instanceWithin(value);
  if (className !== undefined) return { refusal: 'class-instances', className };
  if (body.kind !== 'json' && body.kind !== 'json-of-object') return { body };
  try {
    const copy = snapshot(value);
    return { body: copy.json ? body : { kind: 'value', value: copy.value, digest: sha256(body.text) } };
  } catch {
    return { refusal: 'no-json' };
  }
}
