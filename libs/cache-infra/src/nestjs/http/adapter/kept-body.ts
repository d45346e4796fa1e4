import { snapshot } from '../../../values/snapshot.js';
import { sha256 } from '../../../keys/digest.js';
import { instanceWithin } from '../rules/plain-data.js';
import { storedBody, type StoredBody } from '../rules/stored-body.js';

/** The receiver of the value that this cache returns. */
export type Recipient =
  /** Nest sends the value as JSON. */
  | 'client'
  /** Code that may depend on the class of a value: an interceptor, a hook, a replacer, a serializer. */
  | 'code'
  /** Nest's own serializers, which omit properties by class or type. */
  | 'serializer';

/** The storable form of a handler's result, or why it cannot be stored. */
export type Kept =
  | { readonly body: StoredBody }
  | { readonly refusal: 'no-json' }
  | { readonly refusal: 'class-instances'; readonly className: string };

/**
 * Ensures that a stored value loses nothing for its recipient. A client receives JSON, so JSON is stored. Other code
 * receives a value equal to the handler's, with `Date`, `Map`, `Set` and bytes preserved; class instances are not
 * stored then, unless `isPlain`.
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
