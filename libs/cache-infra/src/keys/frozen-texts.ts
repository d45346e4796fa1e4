import { types } from 'node:util';

/** A canonical text. */
export interface CanonicalForm {
  readonly text: string;
  /** Characters of the text, with the texts that digests in it stand for. */
  readonly length: number;
}

/** Shorter texts cost less to write than to keep. */
const minLength = 256;

/**
 * The texts of deeply frozen arrays and plain objects: they can never change, so their text is written once. A value
 * with one part that is not frozen is not kept: nothing tells when such a part changes.
 */
export class FrozenTexts {
  readonly #forms = new WeakMap<object, CanonicalForm>();

  get(value: object): CanonicalForm | undefined {
    return this.#forms.get(value);
  }

  keep(value: object, form: CanonicalForm): void {
    if (form.length < minLength || !isDeeplyFrozen(value)) return;
    // A text that was joined from parts would be joined again by each key. Canonical text is well-formed.
    this.#forms.set(value, { ...form, text: Buffer.from(form.text).toString() });
  }
}

/** Whether a value without circles consists of frozen arrays, frozen plain objects and primitives. */
function isDeeplyFrozen(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return typeof value !== 'function';
  // A frozen accessor, and the content of a frozen Map, can still change.
  if (!Object.isFrozen(value) || !isPlain(value) || types.isProxy(value)) return false;
  return Object.values(Object.getOwnPropertyDescriptors(value)).every(
    (property) => 'value' in property && isDeeplyFrozen(property.value),
  );
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === Array.prototype || prototype === null;
}
