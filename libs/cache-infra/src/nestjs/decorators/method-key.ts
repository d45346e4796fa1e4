import { canonicalJson } from '../../keys/canonical-json.js';
import { classNameOf } from '../../keys/class-name.js';
import { sha256 } from '../../keys/digest.js';
import { ValidationError } from '../../base/errors.js';

/** A method as its decorator sees it. */
export interface DecoratedMethod {
  /** The prototype that declares it. */
  readonly prototype: object;
  readonly name: string | symbol;
}

/** A key, and how much of the caller's data went into it. */
export interface MethodKey {
  readonly key: string;
  /** Characters. */
  readonly inputLength: number;
}

/** `Class.method`, for messages. */
export function labelOf({ prototype, name }: DecoratedMethod): string {
  return `${nameOf(prototype)}.${String(name)}`;
}

/**
 * What the default keys of a method begin with: the class of the instance, not the one that declares the method, so
 * that two subclasses do not share entries. A method reached through `super` has keys of its own.
 */
export function keyPrefix(prototype: object, method: DecoratedMethod): string {
  const name = String(method.name);
  if (ownerOf(prototype, method.name) === method.prototype) return `${nameOf(prototype)}.${name}`;
  return `${nameOf(method.prototype)}.${name}@${nameOf(prototype)}`;
}

/**
 * `Class.method:<SHA-256 of the arguments>`; trailing `undefined` arguments do not count.
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

/** The key of a method without arguments is the same at every call. */
const withoutArguments = new WeakMap<DecoratedMethod, WeakMap<object, MethodKey>>();

function digested(prototype: object, method: DecoratedMethod, args: readonly unknown[]): MethodKey {
  const text = canonicalJson(withoutTrailingUndefined(args));
  return { key: `${keyPrefix(prototype, method)}:${sha256(text)}`, inputLength: text.length };
}

/**
 * The key under which `@Cacheable()` without a `key` keeps the result of a call, for evicting it from elsewhere:
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

/** The prototype nearest to the instance that has the method. */
function ownerOf(prototype: object, name: string | symbol): object | undefined {
  let owner: object | null = prototype;
  while (owner !== null && !Object.hasOwn(owner, name)) owner = Object.getPrototypeOf(owner) as object | null;
  return owner ?? undefined;
}

function nameOf(prototype: object): string {
  return classNameOf(prototype.constructor).name;
}

/** Why the names that default keys of a method begin with do not say which class is meant. Undefined when they do. */
export function nameDoubt(prototype: object, method: DecoratedMethod): string | undefined {
  const owner = ownerOf(prototype, method.name) === method.prototype ? prototype : method.prototype;
  return classNameOf(prototype.constructor).doubt ?? classNameOf(owner.constructor).doubt;
}

function withoutTrailingUndefined(args: readonly unknown[]): readonly unknown[] {
  const last = args.findLastIndex((arg) => arg !== undefined);
  return args.slice(0, last + 1);
}
