import type { ModuleRef } from '@nestjs/core';
import { ModulesContainer } from '@nestjs/core';

import { provider } from '../registry/provided.js';
import type { Decoration, MethodDecoration } from './decoration.js';
import type { MethodOptions } from './decorator-options.js';
import { madeFor } from './instance-origin.js';
import { featureOf, madeForOf, moduleRefOf } from './method-injection.js';
import { keyPrefix, nameDoubt, type DecoratedMethod } from './method-key.js';
import { defaultCacheName, namespacesOf, type CacheFeature } from '../registry/tokens.js';

/** A method of a class, the owner of default keys. */
export interface KeyOwner {
  readonly prototype: object;
  readonly name: string | symbol;
}

/** The location and prefix of a method's default keys: cache, namespaces, key prefix. */
export function placeOfKeys(
  prototype: object,
  method: DecoratedMethod,
  options: MethodOptions,
  feature: CacheFeature | undefined,
): string {
  return JSON.stringify([...placeOf(options, feature), keyPrefix(prototype, method)]);
}

/** The cache and namespaces of a method's entries, outermost first. */
export function placeOf(options: MethodOptions, feature: CacheFeature | undefined): readonly string[] {
  const { cache = defaultCacheName } = options;
  return [cache, ...namespacesOf(options, feature)];
}

/** The default keys in use in one application, identified by its `ModulesContainer`. */
interface KnownKeys {
  readonly owners: Map<string, KeyOwner>;
  readonly differing: WeakMap<object, string>;
}

const applications = new WeakMap<object, KnownKeys>();

function knownIn(application: object): KnownKeys {
  const known = applications.get(application) ?? { owners: new Map(), differing: new WeakMap() };
  applications.set(application, known);
  return known;
}

/** The owner of the default keys of a place: the first method that claims them. */
export function claim(application: object, place: string, claimant: KeyOwner): KeyOwner {
  const { owners } = knownIn(application);
  const owner = owners.get(place) ?? claimant;
  owners.set(place, owner);
  return owner;
}

/** Records why instances of a class cannot share keys. */
export function recordDiffering(application: object, prototype: object, words: string): void {
  knownIn(application).differing.set(prototype, words);
}

/** A decorated method of an instance, with its effective options. */
export interface KeyedMethod {
  readonly decoration: MethodDecoration;
  readonly options: MethodOptions;
  readonly instance: object;
  /** False for an in-memory cache, whose keys no other build or process sees. */
  readonly isShared: boolean;
}

/** Why default keys cannot distinguish the method's calls; undefined if they can. */
export function doubtOfKeys({ decoration, options, instance, isShared }: KeyedMethod): string | undefined {
  if (!decoration.hasDefaultKey) return undefined;
  const prototype = Object.getPrototypeOf(instance) as object;
  const moduleRef = moduleRefOf(instance);
  const isTold = (options.vary ?? []).length > 0 || !decoration.readsInstance;
  return (
    (isShared && options.namespace === undefined ? doubtOfName(prototype, decoration) : undefined) ??
    (isTold ? undefined : doubtOfOrigin(instance, prototype, moduleRef)) ??
    (moduleRef === undefined
      ? undefined
      : doubtOfOwner({ decoration, options, instance, prototype, moduleRef }))
  );
}

function doubtOfName(prototype: object, decoration: Decoration): string | undefined {
  const doubt = nameDoubt(prototype, decoration);
  if (doubt === undefined) return undefined;
  return `${doubt}, and default keys begin with the class name: another build may give this name to another class. Keep names in your bundler (esbuild: keepNames), or set @CacheDefaults({ namespace }) on the class or key on the method`;
}

function doubtOfOrigin(
  instance: object,
  prototype: object,
  moduleRef: ModuleRef | undefined,
): string | undefined {
  const from = madeForOf(instance) ?? (moduleRef === undefined ? undefined : madeFor(moduleRef, prototype));
  if (from === undefined) return undefined;
  return `its instances differ by ${from}, which the default key does not contain. Set a key that contains the difference (key: function (…) { return this.… }), or vary`;
}

interface Claimant {
  readonly decoration: MethodDecoration;
  readonly options: MethodOptions;
  readonly instance: object;
  readonly prototype: object;
  readonly moduleRef: ModuleRef;
}

/** Classes of lazily loaded modules are seen here for the first time. */
function doubtOfOwner({ decoration, options, instance, prototype, moduleRef }: Claimant): string | undefined {
  const application = provider(moduleRef, ModulesContainer);
  if (application === undefined) return undefined;
  const differing = decoration.readsInstance ? knownIn(application).differing.get(prototype) : undefined;
  if (differing !== undefined) return differing;
  const place = placeOfKeys(prototype, decoration, options, featureOf(instance));
  const owner = claim(application, place, { prototype, name: decoration.name });
  if (owner.prototype === prototype) return undefined;
  return 'another class of that name has the same default keys. Rename one class, or set key or @CacheDefaults({ namespace })';
}
