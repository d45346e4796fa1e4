import { hasToJson } from '../base/opaque.js';
import type { Class } from './class.js';
import { classNature } from './class-nature.js';

/**
 * What becomes of an instance of a class.
 *
 * - `'refuse'`: one that would come back as less than it was is refused; one of a class with nothing but properties is stored as them
 * - `'plain'`: its plain form is stored: what its `toJSON()` returns, or else its own enumerable properties
 * - `'kept'`: the tier keeps the instance itself, so that nothing is lost
 * - `'exact'`: every instance is refused: a copy would be of another kind
 */
export type ClassRule = 'refuse' | 'plain' | 'kept' | 'exact';

/** What is said of the class of a part, and where it is to be stored. */
export interface ClassQuestion {
  readonly rule: ClassRule;
  /** The class that an instance comes back as; `undefined` = none is named. */
  readonly as: Class | undefined;
  /** The class that the call names for the value, of which this is a part. */
  readonly within: Class | undefined;
}

/** Why an instance of a class of the application cannot be stored; `undefined` = it can. */
export function instanceRefusal(value: object, { rule, as, within }: ClassQuestion): string | undefined {
  if (rule === 'kept') return undefined;
  const prototype = Object.getPrototypeOf(value) as object;
  const { name, loss, hasPrivateState } = classNature(prototype);
  if (rule === 'exact') return `an instance of ${name} cannot be copied`;
  if (prototype === as?.prototype) {
    const hidden = hasPrivateState
      ? 'private state'
      : hasHiddenProperties(value)
        ? 'hidden properties'
        : undefined;
    return hidden && `an instance of ${name} holds ${hidden}, which cannot be copied: ${giveRevive}`;
  }
  // Of a subclass or of another class altogether.
  if (as !== undefined) return `an instance of ${name} would come back as ${as.name}: ${giveRevive}`;
  if (rule === 'plain') {
    const isEmpty = hasPrivateState && Object.keys(value).length === 0 && !hasToJson(value);
    return isEmpty ? `the plain form of an instance of ${name} is empty: give it a toJSON()` : undefined;
  }
  const lost = loss ?? (hasHiddenProperties(value) ? 'its hidden properties' : undefined);
  if (lost === undefined) return undefined;
  const way =
    within === undefined ? `'as: ${name}'` : `@Type(() => ${name}) on its property of ${within.name}`;
  return `an instance of ${name} would lose ${lost}: give ${way} to get instances back, ${orPlain}`;
}

/** Why an array, a Map, a Set, a Date or binary data cannot be stored; `undefined` = it can. */
export function builtInRefusal(value: object, rule: ClassRule): string | undefined {
  if (rule === 'kept' || rule === 'plain') return undefined;
  const prototype = Object.getPrototypeOf(value) as object | null;
  if (prototype === Array.prototype || prototype === Buffer.prototype) return undefined;
  if (prototype === null) return 'a built-in without a prototype cannot be stored';
  const { name, loss, builtIn, isBuiltIn } = classNature(prototype);
  const hasMore = hasOwnProperties(value);
  if (isBuiltIn && !hasMore) return undefined;
  if (!isBuiltIn && rule === 'exact') return `an instance of ${name} cannot be copied`;
  const lost = loss ?? (hasMore ? 'its own properties' : undefined);
  const kind = builtIn ?? name;
  return (
    lost && `${name === kind ? `this ${kind}` : `an instance of ${name}`} would lose ${lost}: ${orPlain}`
  );
}

const giveRevive = "pass 'revive' to create the instances yourself";
const orPlain = "return a plain object, or say 'plain: true' to store the plain form";

/** Properties that stand on an instance without being enumerable. */
function hasHiddenProperties(value: object): boolean {
  return Object.getOwnPropertyNames(value).length > Object.keys(value).length;
}

/** Properties beside the elements of an array or of binary data, which come first among its keys. */
function hasOwnProperties(value: object): boolean {
  const last = Object.keys(value).at(-1);
  return last !== undefined && !((Array.isArray(value) || ArrayBuffer.isView(value)) && /^\d+$/.test(last));
}
