import { hasTransformMetadata } from './class-metadata.js';

/** Facts about a class that decide whether its instances can be stored as plain objects. */
export interface ClassNature {
  /** For messages. */
  readonly name: string;
  /** The first feature that a plain object with the same properties would lack; `undefined` = only its class. */
  readonly loss: string | undefined;
  /** Whether the class has private state: `#x` or its compiled form. It cannot be copied from outside. */
  readonly hasPrivateState: boolean;
  /** The built-in that the class extends or is, such as `Map`. */
  readonly builtIn: string | undefined;
  readonly isBuiltIn: boolean;
}

const natures = new WeakMap<object, ClassNature>();

/** The nature of the class with this prototype, examined once per prototype. */
export function classNature(prototype: object): ClassNature {
  let nature = natures.get(prototype);
  if (nature === undefined) {
    nature = examine(prototype);
    natures.set(prototype, nature);
  }
  return nature;
}

/** Whether a prototype is `Object.prototype`, of this realm or another one. */
export function isObjectPrototype(prototype: object): boolean {
  if (prototype === Object.prototype) return true;
  return Object.getPrototypeOf(prototype) === null && nativeName(prototype) === 'Object';
}

function examine(prototype: object): ClassNature {
  let loss: string | undefined;
  let hasPrivateState = false;
  let builtIn: string | undefined;
  for (
    let link: object | null = prototype;
    link !== null;
    link = Object.getPrototypeOf(link) as object | null
  ) {
    if (isObjectPrototype(link)) break;
    builtIn = nativeName(link);
    if (builtIn !== undefined) break;
    hasPrivateState ||= declaresPrivateState(ownConstructor(link));
    loss ??= lostWith(link);
  }
  if (hasPrivateState) loss = 'its private state';
  const made = ownConstructor(prototype);
  if (loss === undefined && made !== undefined && hasTransformMetadata(made))
    loss = 'the class-transformer decorators of its class, @Exclude() among them';
  const isBuiltIn = nativeName(prototype) !== undefined;
  return { name: nameOf(prototype), loss, hasPrivateState, builtIn, isBuiltIn };
}

/** The feature of a prototype that a plain object would lack, if any. */
function lostWith(prototype: object): string | undefined {
  const names = Reflect.ownKeys(prototype).filter((name) => name !== 'constructor');
  const given = names.map((name) => Object.getOwnPropertyDescriptor(prototype, name));
  if (given.some((it) => typeof it?.value === 'function')) return 'its methods';
  if (given.some((it) => it !== undefined && !('value' in it))) return 'its accessors';
  return given.length > 0 ? 'what it inherits' : undefined;
}

type AnyFunction = (...args: never[]) => unknown;

function ownConstructor(prototype: object): AnyFunction | undefined {
  const made: unknown = Object.getOwnPropertyDescriptor(prototype, 'constructor')?.value;
  return typeof made === 'function' ? (made as AnyFunction) : undefined;
}

/** The name of a built-in class; `undefined` for a class written in JavaScript. */
function nativeName(prototype: object): string | undefined {
  const made = ownConstructor(prototype);
  if (made?.prototype !== prototype) return undefined;
  return /^function (\w+)\(\) \{\s*\[native code\]\s*\}$/.exec(sourceOf(made))?.[1];
}

function nameOf(prototype: object): string {
  for (
    let link: object | null = prototype;
    link !== null;
    link = Object.getPrototypeOf(link) as object | null
  ) {
    const name = ownConstructor(link)?.name;
    if (name !== undefined && name !== '') return name;
  }
  return 'an unnamed class';
}

/** `#x`, or its compiled form for older targets, a WeakMap: `_x.set(this, …)`, `_class_private_field_init(…)`. */
const privateState = /#[\p{ID_Start}$_]|\.(?:set|add)\(\s*this\b|class_?private_?(?:field|method)/iu;
const notCode = /\/\*[^]*?\*\/|\/\/[^\n]*|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\.|[^`\\])*`/g;

function declaresPrivateState(made: AnyFunction | undefined): boolean {
  if (made === undefined) return false;
  const source = sourceOf(made);
  // Ignore private names in string literals and comments.
  return privateState.test(source) && privateState.test(source.replaceAll(notCode, "''"));
}

function sourceOf(made: AnyFunction): string {
  return Function.prototype.toString.call(made);
}
