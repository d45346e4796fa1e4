import { ValidationError } from '../base/errors.js';
import type { CacheType } from './cache-type.js';
import type { Class } from './class.js';
import { classNature } from './class-nature.js';
import { reviveAs } from './revive.js';

/** A class whose instances are made of a text: `new Decimal('0.1')`. */
export type TextClass<T extends object> = new (text: string) => T;

/** A number that says itself as text, with the sign of zero. */
interface ByText {
  valueOf(): string;
}

/**
 * `Decimal` of decimal.js, and of Prisma, which brings its own: `decimalType(Prisma.Decimal, 'Prisma.Decimal')`. Exact, with `NaN`,
 * `Infinity` and `-0`.
 *
 * @param name stands in stored entries; two classes in one cache need two
 */
export function decimalType<T extends object & ByText>(
  decimal: TextClass<T>,
  name = 'Decimal',
): CacheType<T, string> {
  return byText(name, decimal, (value) => value.valueOf());
}

/** `BigNumber` of bignumber.js. Exact, with `NaN`, `Infinity` and `-0`. */
export function bigNumberType<T extends object & ByText>(
  bigNumber: TextClass<T>,
  name = 'BigNumber',
): CacheType<T, string> {
  return byText(name, bigNumber, (value) => value.valueOf());
}

/** `ObjectId` of MongoDB: of `mongodb`, `bson`, or `mongoose.Types`. */
export function objectIdType<T extends { toHexString(): string }>(
  objectId: TextClass<T>,
  name = 'ObjectId',
): CacheType<T, string> {
  return byText(name, objectId, (value) => value.toHexString());
}

function byText<T extends object>(
  name: string,
  type: TextClass<T>,
  encode: (value: T) => string,
): CacheType<T, string> {
  return { name, is: isOf(type.prototype as object), encode, decode: (text) => new type(text) };
}

/** What is used of a `DateTime` of Luxon. */
export interface LuxonDateTime {
  readonly isValid: boolean;
  readonly zoneName: string | null;
  readonly locale: string | null;
  readonly numberingSystem: string | null;
  readonly outputCalendar: string | null;
  readonly invalidReason: string | null;
  readonly invalidExplanation: string | null;
  toMillis(): number;
}

interface LuxonSettings {
  readonly zone: string;
  readonly locale?: string;
  readonly numberingSystem?: never;
  readonly outputCalendar?: never;
}

/** What is used of the class. */
export interface LuxonDateTimeClass<T extends LuxonDateTime> {
  readonly prototype: object;
  fromMillis(ms: number, settings: LuxonSettings): T;
  invalid(reason: string, explanation?: string): T;
}

type StoredDateTime =
  | { readonly ms: number; readonly settings: LuxonSettings }
  | { readonly invalid: string; readonly explanation: string | undefined };

/** `DateTime` of Luxon, with its zone, locale, numbering system and calendar. The zone of the system is stored by its name. */
export function luxonType<T extends LuxonDateTime>(
  dateTime: LuxonDateTimeClass<T>,
  name = 'DateTime',
): CacheType<T, StoredDateTime> {
  return {
    name,
    is: isOf(dateTime.prototype),
    encode: (value) => {
      const { zoneName: zone, locale, numberingSystem, outputCalendar } = value;
      if (!value.isValid || zone === null) {
        const { invalidReason, invalidExplanation } = value;
        return { invalid: invalidReason ?? 'invalid', explanation: invalidExplanation ?? undefined };
      }
      const said = { locale, numberingSystem, outputCalendar };
      const given = Object.entries(said).filter(([, setting]) => typeof setting === 'string');
      return { ms: value.toMillis(), settings: { zone, ...Object.fromEntries(given) } };
    },
    decode: (stored) =>
      'ms' in stored
        ? dateTime.fromMillis(stored.ms, stored.settings)
        : dateTime.invalid(stored.invalid, stored.explanation),
  };
}

/** What is used of a class of Temporal. */
export interface TemporalClass {
  readonly prototype: object;
  from(text: string, options?: { readonly offset: 'use' }): object;
}

/** The part of `Temporal` that has values: the built-in one, or that of a polyfill. */
export type TemporalClasses = Readonly<Record<(typeof temporalNames)[number], TemporalClass>>;

const temporalNames = [
  ...(['Instant', 'ZonedDateTime', 'PlainDate', 'PlainTime', 'PlainDateTime'] as const),
  ...(['PlainYearMonth', 'PlainMonthDay', 'Duration'] as const),
];

/** A type for every class of `Temporal`: `types: [...temporalTypes(Temporal)]`. With time zone and calendar, to the nanosecond. */
export function temporalTypes(temporal: TemporalClasses): CacheType<object, string>[] {
  return temporalNames.map((name) => {
    const { prototype } = temporal[name];
    return {
      name: `Temporal.${name}`,
      is: isOf(prototype),
      encode: String,
      decode: (text) =>
        name === 'ZonedDateTime' ? temporal[name].from(text, { offset: 'use' }) : temporal[name].from(text),
    };
  });
}

/**
 * A class of your own, whose state stands in its own properties: instances come back with them, by every method of the cache and wherever
 * they stand in a value. No constructor runs. Instances of a subclass are another type.
 *
 * @param name stands in stored entries: never change it
 * @throws ValidationError for a class with private state (`#x`), which no copy has: give `encode` and `decode` yourself
 */
export function classType<T extends object>(name: string, type: Class<T>): CacheType<T, object> {
  const prototype = type.prototype as object;
  if (classNature(prototype).hasPrivateState) {
    throw new ValidationError(
      `${type.name} has private state, which cannot be copied: register it in types: [{ name, is, encode, decode }]`,
    );
  }
  return {
    name,
    is: isOf(prototype),
    encode: (value) => ({ ...value }),
    decode: (stored) => reviveAs(type, stored) as T,
  };
}

/** Not of a subclass: it would come back as less than it was. */
function isOf(prototype: object): (value: object) => boolean {
  return (value) => Object.getPrototypeOf(value) === prototype;
}
