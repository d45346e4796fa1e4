import { createRequire } from 'node:module';
import type { Class } from './class.js';

/** The part of class-transformer's registry (0.5) that this file reads. */
interface MetadataStorage {
  findTypeMetadata(target: object, property: string): TypeMetadata | undefined;
  readonly _typeMetadatas: ReadonlyMap<object, unknown>;
  readonly _transformMetadatas: ReadonlyMap<object, unknown>;
  readonly _exposeMetadatas: ReadonlyMap<object, unknown>;
  readonly _excludeMetadatas: ReadonlyMap<object, unknown>;
}

interface TypeMetadata {
  readonly typeFunction?: ((help?: unknown) => unknown) | undefined;
  readonly options?: { readonly discriminator?: Discriminator | undefined } | undefined;
}

interface Discriminator {
  readonly property: string;
  readonly subTypes: readonly { readonly name: string; readonly value: unknown }[];
}

const { cache: loaded } = createRequire(import.meta.url);
const registryFile = /class-transformer[\\/]cjs[\\/]storage\.js$/;

/**
 * The registries of every copy of class-transformer that the application has loaded. This file never loads
 * class-transformer itself: a class with its decorators has loaded it already.
 */
function registries(): readonly MetadataStorage[] {
  const paths = Object.keys(loaded).filter((path) => registryFile.test(path));
  return paths.flatMap((path) => {
    const { defaultMetadataStorage: registry } = (loaded[path]?.exports ?? {}) as {
      defaultMetadataStorage?: MetadataStorage;
    };
    return registry === undefined ? [] : [registry];
  });
}

/** Whether a class or one of its superclasses carries a class-transformer decorator. */
export function hasTransformMetadata(target: object): boolean {
  const chain: object[] = [];
  for (let link = target; typeof link === 'function'; link = Object.getPrototypeOf(link) as object)
    chain.push(link);
  return registries().some((registry) => {
    const { _typeMetadatas, _transformMetadatas, _exposeMetadatas, _excludeMetadatas } = registry;
    const all = [_typeMetadatas, _transformMetadatas, _exposeMetadatas, _excludeMetadatas];
    return all.some((carriers) => chain.some((link) => carriers.has(link)));
  });
}

const declared = new WeakMap<Class, Map<string, TypeMetadata | undefined>>();

/** The class that `@Type()` names for the value `part` of a property of `owner`, if any. */
export function declaredClass(owner: Class, property: string, part: object): Class | undefined {
  const metadata = typeMetadata(owner, property);
  if (metadata === undefined) return undefined;
  const { discriminator } = metadata.options ?? {};
  const kind: unknown = discriminator === undefined ? undefined : Reflect.get(part, discriminator.property);
  const subType = discriminator?.subTypes.find(({ name }) => name === kind);
  const named = subType?.value ?? metadata.typeFunction?.({ object: part, property });
  return typeof named === 'function' ? (named as Class) : undefined;
}

function typeMetadata(owner: Class, property: string): TypeMetadata | undefined {
  const known = declared.get(owner) ?? new Map<string, TypeMetadata | undefined>();
  declared.set(owner, known);
  if (!known.has(property)) {
    const found = registries().map((registry) => registry.findTypeMetadata(owner, property));
    known.set(
      property,
      found.find((it) => it !== undefined),
    );
  }
  return known.get(property);
}
