import { classIdentity, classNameOf, isNative, sourceOf } from './class-name.js';

/** Where the instances of a class keep their state. */
export interface ClassShape {
  /** For messages. */
  readonly name: string;
  /** The built-in that the class is or extends, except `Object`: `Map`, `Array`, `Error`. */
  readonly builtIn: string | undefined;
  /** Distinguishes instances from those of other classes with equal state. Undefined for a class without methods. */
  readonly identity: string | undefined;
  /** Getters and values on the prototypes of the class. */
  readonly inherited: readonly string[];
  /** The first class of the prototype chain with private state and without `toJSON()`. */
  readonly hiding: string | undefined;
}

const plain: ClassShape = {
  name: 'Object',
  builtIn: undefined,
  identity: undefined,
  inherited: [],
  hiding: undefined,
};
const shapes = new WeakMap<object, ClassShape>();

/** The shape of the class of `value`. */
export function classShapeOf(value: object): ClassShape {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (!isObject(prototype)) return plain;
  if (prototype === Object.prototype) return plain;
  const known = shapes.get(prototype);
  if (known !== undefined) return known;
  const shape = shapeOf(prototype);
  shapes.set(prototype, shape);
  return shape;
}

/** Whether `value` is a plain object, of any realm. */
export function isOfNoClass(value: object): boolean {
  return classShapeOf(value) === plain;
}

function shapeOf(prototype: object): ClassShape {
  const inherited = new Set<string>();
  let hasMethods = false;
  let hasSpoken = false;
  let hiding: string | undefined;
  let level: object | null = prototype;
  for (; level !== null && !isBuiltIn(level); level = Object.getPrototypeOf(level) as object | null) {
    const type = constructorOf(level);
    for (const [name, property] of Object.entries(Object.getOwnPropertyDescriptors(level))) {
      if (name === 'constructor' || name === 'toJSON') continue;
      const isMethod = typeof property.value === 'function';
      hasMethods ||= isMethod || property.get !== undefined;
      if (property.get !== undefined || (property.enumerable === true && !isMethod)) inherited.add(name);
    }
    hasSpoken ||= Object.hasOwn(level, 'toJSON');
    if (!hasSpoken && type !== undefined && hidesState(type)) hiding ??= classNameOf(type).name;
  }
  if (level === prototype && isRoot(prototype)) return plain;
  const builtIn = level === null || isRoot(level) ? undefined : classNameOf(constructorOf(level)).name;
  const type = constructorOf(prototype);
  return {
    name: classNameOf(type).name,
    builtIn,
    identity: hasMethods ? classIdentity(type) : undefined,
    inherited: [...inherited],
    hiding,
  };
}

/** Whether a class is built into the language, or is `Buffer` or `URL`. */
function isBuiltIn(prototype: object): boolean {
  if (prototype === Buffer.prototype || prototype === URL.prototype) return true;
  const type = constructorOf(prototype);
  return type !== undefined && isNative(type) && classNameOf(type).name in globalThis;
}

/** `Object.prototype`, of any realm. */
function isRoot(prototype: object): boolean {
  return Object.getPrototypeOf(prototype) === null && isBuiltIn(prototype);
}

function constructorOf(prototype: object): object | undefined {
  const type: unknown = Object.getOwnPropertyDescriptor(prototype, 'constructor')?.value;
  return typeof type === 'function' ? type : undefined;
}

/** Helpers to which compilers transpile `#fields` for older runtimes. */
const privateHelpers = /classPrivate(?:Field|Method)|class_private|__private(?:Get|Set|Add|In|Wrapper)/i;
/** `states.get(this)`: state in a `WeakMap` or the like. */
const besideTheClass = /\.\s*(?:get|set|has)\(\s*this\s*[,)]/;

/** Whether the source of a class uses private fields or keeps state in a map of its instances. */
function hidesState(type: object): boolean {
  const source = sourceOf(type);
  if (privateHelpers.test(source) || besideTheClass.test(source)) return true;
  const used = source.matchAll(/(?:\.\s*#([\p{ID_Start}$_][\p{ID_Continue}$]*))/gu);
  return [...new Set(Array.from(used, ([, name]) => name as string))].some((name) => isField(source, name));
}

/** Excludes private methods and accessors, which hold no state, and static fields, which hold none of an instance. */
function isField(source: string, name: string): boolean {
  const escaped = name.replace(/\$/g, '\\$');
  return !new RegExp(`(?<![.\\w$])(?:static\\s+)?#${escaped}\\s*\\(|static\\s+#${escaped}(?![\\w$])`).test(
    source,
  );
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
