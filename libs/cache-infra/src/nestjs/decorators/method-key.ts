import { canonicalJson } from '../../keys/canonical-json.js';
import { classNameOf } from '../../keys/class-name.js';
import { sha256 } from '../../keys/digest.js';
import { ValidationError } from '../../base/errors.js';

/** A method, as its decorator receives it. */
export interface DecoratedMethod {
  /** The prototype that declares it. */
  readonly prototype: object;
  readonly name: string | symbol;
}

/** A key, and the size of the data that it was computed from. */
export interface MethodKey {
  readonly key: string;
  /** The number of characters. */
  readonly inputLength: number;
}

/** `Class.method`, for messages. */
export function labelOf({ prototype, name }: DecoratedMethod): string {
  return `${nameOf(prototype)}.${String(name)}`;
}

/**
 * The prefix of a method's default keys: the class of the instance, not the declaring class, so that two subclasses do
 * not share entries. A method reached through `super` has a prefix of its own.
 */
export function keyPrefix(prototype: object, method: DecoratedMethod): string {
  const name = String(method.name);
  if (ownerOf(prototype, method.name) === method.prototype) return `${nameOf(prototype)}.${name}`;
  return `${nameOf(method.prototype)}.${name}@${nameOf(prototype)}`;
}

/**
 * `Class.method:<SHA-256 of the arguments>`; trailing `undefined` arguments are ignored.
 *
 * @throws SerializationError when the arguments have no canonical form
 */
export function defaultKey(prototype: object, method: DecoratedMethod, args: readonly unknown[]): MethodKey {
  if (args.length > 0) return digested(prototype, method, args);
  const known = withoutArguments.get(method) ?? new WeakMap<object, MethodKey>();
  withoutArguments.set(method, known);
  const key = known.get(prototype) ?? digested(prototype, method, args);
  known.set(prototype, key);
  return key;
}

/** Keys of calls without arguments, which are constant. */
const withoutArguments = new WeakMap<DecoratedMethod, WeakMap<object, MethodKey>>();

function digested(prototype: object, method: DecoratedMethod, args: readonly unknown[]): MethodKey {
  const text = canonicalJson(withoutTrailingUndefined(args));
  return { key: `${keyPrefix(prototype, method)}:${sha256(text)}`, inputLength: text.length };
}

/**
 * The default key of a call of a method with `@Cacheable()`, for evicting the entry from elsewhere:
 *
 * ```ts
 * await cache.delete(cacheableKey(Catalogue, 'find', ['42']));
 * ```
 */
export function cacheableKey<C extends abstract new (...args: never[]) => object>(
  type: C,
  name: keyof InstanceType<C> & (string | symbol),
  args: readonly unknown[],
): string {
  const prototype: object = type.prototype as object;
  const owner = ownerOf(prototype, name);
  if (owner === undefined) throw new ValidationError(`${type.name} has no method ${String(name)}`);
  return defaultKey(prototype, { prototype: owner, name }, args).key;
}

/** The most derived prototype that has the method. */
function ownerOf(prototype: object, name: string | symbol): object | undefined {
  let owner: object | null = prototype;
  while (owner !== null && !Object.hasOwn(owner, name)) owner = Object.getPrototypeOf(owner) as object | null;
  return owner ?? undefined;
}

function nameOf(prototype: object): string {
  return classNameOf(prototype.constructor).name;
}

/** Why the class names in a method's default keys are ambiguous; undefined if they are not. */
export function nameDoubt(prototype: object, method: DecoratedMethod): string | undefined {
  const owner = ownerOf(prototype, method.name) === method.prototype ? prototype : method.prototype;
  return classNameOf(prototype.constructor).doubt ?? classNameOf(owner.constructor).doubt;
}

function withoutTrailingUndefined(args: readonly unknown[]): readonly unknown[] {
  const last = args.findLastIndex((arg) => arg !== undefined);
  return args.slice(0, last + 1);
}
