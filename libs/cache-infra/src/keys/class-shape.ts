import { classIdentity, classNameOf, isNative, sourceOf } from './class-name.js';

/** What a class says about the state of its instances. */
export interface ClassShape {
  /** For messages. */
  readonly name: string;
  /** The class of the language that it is or extends, `Object` apart: `Map`, `Array`, `Error`. */
  readonly builtIn: string | undefined;
  /** What tells its instances from those of other classes with equal state. Undefined for a class without methods: its instances are data. */
  readonly identity: string | undefined;
  /** Getters and values on its prototypes: state that is no property of an instance. */
  readonly inherited: readonly string[];
  /** A class on the way that keeps state where nobody can read it, and has no `toJSON()` that says it. */
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
  const shape = shapes.get(prototype) ?? shapeOf(prototype);
  shapes.set(prototype, shape);
  return shape;
}

/** Whether `value` is an object of no class, whichever realm it comes from. */
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

/** Of the language, or of Node and as good as that. */
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

/** Compilers write `#fields` for older runtimes with helpers of these names. */
const privateHelpers = /classPrivate(?:Field|Method)|class_private|__private(?:Get|Set|Add|In|Wrapper)/i;
/** `states.get(this)`: a `WeakMap` or the like beside the class. */
const besideTheClass = /\.\s*(?:get|set|has)\(\s*this\s*[,)]/;

/** Whether the source of a class speaks of private fields, or of a table of its instances. */
function hidesState(type: object): boolean {
  const source = sourceOf(type);
  if (privateHelpers.test(source) || besideTheClass.test(source)) return true;
  const used = source.matchAll(/(?:\.\s*#([\p{ID_Start}$_][\p{ID_Continue}$]*))/gu);
  return [...new Set(Array.from(used, ([, name]) => name as string))].some((name) => isField(source, name));
}

/** A private method or accessor holds no state, and a static field none of an instance. */
function isField(source: string, name: string): boolean {
  const escaped = name.replace(/\$/g, '\\$');
  return !new RegExp(`(?<![.\\w$])(?:static\\s+)?#${escaped}\\s*\\(|static\\s+#${escaped}(?![\\w$])`).test(
    source,
  );
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
