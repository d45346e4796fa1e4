import { sha256 } from './digest.js';

type AnyClass = abstract new (...args: never[]) => unknown;

/** What a class is called, and whether the name says which class it is: in another process, and after the next build. */
export interface ClassName {
  readonly name: string;
  /** Why the name is no identity: a build or a start may give it to another class. Undefined when it is one. */
  readonly doubt: string | undefined;
}

/** What `mixin()` of Nest calls a class: 21 random characters. */
const randomName = /^[\da-z]{21}$/;
const ofOneOrTwo = /^[\p{ID_Start}$_][\p{ID_Continue}$]?$/u;
/** Three characters, and not as a person writes the name of a class (`Api`, `FAQ`). */
const ofThree = /^(?![A-Z][a-z]{2}$|[A-Z]{3}$)[\p{ID_Start}$_][\p{ID_Continue}$]{2}$/u;

const nameInSource = /^class\s+(?!extends\b)([\p{ID_Start}$_][\p{ID_Continue}$]*)/u;

/**
 * The name of a class, for keys. One that `mixin()` has made up is replaced by the name in the source of the class; a name that looks
 * like the work of a minifier, and no name at all, are no identity.
 */
export function classNameOf(type: unknown): ClassName {
  if (typeof type !== 'function') return { name: 'Anonymous', doubt: 'the class has no name' };
  const { name } = type as { readonly name: unknown };
  const known = names.get(type);
  // A class may be given its name after its methods were decorated.
  if (known !== undefined && known.given === name) return known.made;
  const made = judged(writtenName(type as AnyClass));
  names.set(type, { given: name, made });
  return made;
}

const names = new WeakMap<object, { readonly given: unknown; readonly made: ClassName }>();

function judged(name: string): ClassName {
  if (name === '') return { name: 'Anonymous', doubt: 'the class has no name' };
  const isShort = ofOneOrTwo.test(name) || ofThree.test(name);
  return { name, doubt: isShort ? `the name '${name}' looks minified` : undefined };
}

function writtenName(type: AnyClass): string {
  const { name } = type as { readonly name: unknown };
  if (typeof name !== 'string') return '';
  if (!randomName.test(name)) return name;
  const [, written] = nameInSource.exec(sourceOf(type)) ?? [];
  return written ?? '';
}

/** A text that tells a class from others: its name, or a digest of its source where the name is no identity. */
export function classIdentity(type: unknown): string {
  const { name, doubt } = classNameOf(type);
  return doubt === undefined || typeof type !== 'function' ? name : `~${sha256(sourceOf(type)).slice(0, 16)}`;
}

/** As it was written, or as a tool has left it. */
export function sourceOf(type: object): string {
  return Function.prototype.toString.call(type);
}

/** A class of the language itself. */
export function isNative(type: object): boolean {
  return /\{\s*\[native code\]\s*\}\s*$/.test(sourceOf(type));
}
