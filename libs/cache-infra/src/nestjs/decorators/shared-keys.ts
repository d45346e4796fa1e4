import type { ValidationProblem } from '../../base/errors.js';
import { claim, recordDiffering, placeOf, placeOfKeys, type KeyOwner } from './default-keys.js';
import type { Decorated, ClassMethod } from './decorated-class.js';
import type { CachePutOptions } from './decorator-options.js';
import { isStatic, nameOf } from './instance-origin.js';
import { areInterchangeable } from './interchangeable-instances.js';
import { warnOnce } from './method-errors.js';
import { keyPrefix, labelOf } from './method-key.js';
import { defaultCacheName } from '../registry/tokens.js';
import { classNameOf } from '../../keys/class-name.js';

/**
 * The key collisions between classes of an application, as problems. Warns about unequal instances of one class, whose
 * methods run uncached. `application`: its `ModulesContainer`.
 */
export function sharedKeys(application: object, all: readonly Decorated[]): ValidationProblem[] {
  warnOfDiffering(application, all);
  const owners = new Map<string, object>();
  return all.flatMap((decorated) => [
    ...decorated.methods.flatMap((method) => sharedPrefix(application, decorated, method)),
    ...decorated.methods.flatMap((method) => sharedOwnKey(decorated, method, owners)),
  ]);
}

/** Two classes of one name, or two equal-looking symbols, would share default keys and read each other's values. */
function sharedPrefix(
  application: object,
  { prototype, feature }: Decorated,
  { decoration, options }: ClassMethod,
): ValidationProblem[] {
  if (!decoration.hasDefaultKey) return [];
  const owner: KeyOwner = { prototype, name: decoration.name };
  const first = claim(application, placeOfKeys(prototype, decoration, options, feature), owner);
  if (first.prototype === prototype && first.name === decoration.name) return [];
  const two = first.prototype === prototype ? 'methods' : 'classes of the same name';
  const prefix = keyPrefix(prototype, decoration);
  const message = `${prefix} is the default key of two ${two}: give @Cacheable() a key, or rename one`;
  return [{ path: prefix, message }];
}

/**
 * Warns about `Users` and `Users2` in a shared cache: a bundler distinguishes two classes of one name this way, and the
 * next build may number them differently.
 */
export function warnOfNumberedNames(all: readonly Decorated[], isShared: (cache: string) => boolean): void {
  const keyed = all.filter(({ methods }) =>
    methods.some(({ decoration, options: { cache = defaultCacheName, namespace } }) => {
      return decoration.hasDefaultKey && namespace === undefined && isShared(cache);
    }),
  );
  const names = new Set(keyed.map(({ prototype }) => classNameOf(prototype.constructor).name));
  for (const numbered of names) {
    const plain = numbered.replace(/\d+$/, '');
    if (plain === numbered || !names.has(plain)) continue;
    const words = `${plain} and ${numbered} have default keys in the same Redis. If a bundler derived both names from one, the next build may swap them: set key or @CacheDefaults({ namespace }) on both`;
    warnOnce(numbered, 'numbered', words);
  }
}

const ids = new WeakMap<object, number>();
let lastId = 0;

function idOf(thing: object): number {
  const id = ids.get(thing) ?? ++lastId;
  ids.set(thing, id);
  return id;
}

/** Subclasses that inherit a method with an explicit key share the key. */
function sharedOwnKey(
  { prototype, feature }: Decorated,
  { decoration, options }: ClassMethod,
  owners: Map<string, object>,
): ValidationProblem[] {
  const { key, resultKey } = options as Partial<CachePutOptions>;
  if (decoration.hasDefaultKey || decoration.decorator === 'CacheEvict' || asksTheInstance(key ?? resultKey))
    return [];
  const place = JSON.stringify([idOf(decoration), ...placeOf(options, feature)]);
  const first = owners.get(place) ?? prototype;
  owners.set(place, first);
  if (first === prototype) return [];
  const [one, other] = [first, prototype].map((it) => classNameOf(it.constructor).name) as [string, string];
  const label = labelOf(decoration);
  const message = `${one} and ${other} inherit ${label} with the same key: set @CacheDefaults({ namespace }) on each, or derive the key from the instance, key: function (…) { return this.… }`;
  return [{ path: label, message }];
}

/** True if a key function may depend on the instance: it uses `this` and is not an arrow function. */
export function asksTheInstance(key: unknown): boolean {
  if (typeof key !== 'function') return false;
  const source = Function.prototype.toString.call(key);
  const isArrow = /^(?:async\b\s*)?(?:\([^)]*\)|[\w$]+)\s*=>/.test(source);
  return !isArrow && /\bthis\b/.test(source);
}

function warnOfDiffering(application: object, all: readonly Decorated[]): void {
  const firsts = new Map<string, Decorated>();
  for (const decorated of all) {
    const { prototype, wrapper, methods, feature } = decorated;
    if (!isStatic(wrapper)) continue;
    for (const { decoration, options } of methods) {
      if (!decoration.hasDefaultKey || !decoration.readsInstance) continue;
      const place = JSON.stringify([idOf(prototype), placeOfKeys(prototype, decoration, options, feature)]);
      const first = firsts.get(place) ?? decorated;
      firsts.set(place, first);
      if (areInterchangeable(first.wrapper, wrapper)) continue;
      const { name } = classNameOf(prototype.constructor);
      const words = `${nameOf(first.wrapper)} and ${nameOf(wrapper)} are instances of ${name} that were constructed differently, which default keys do not contain. Set a key that contains the difference (key: function (…) { return this.… })`;
      recordDiffering(application, prototype, words);
      const label = `${name}.${String(decoration.name)}`;
      warnOnce(label, 'doubt', `${label} runs uncached: ${words}`);
    }
  }
}
