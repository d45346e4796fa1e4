import { ValidationError } from '../base/errors.js';
import type { CacheType } from './cache-type.js';
import type { Class } from './class.js';
import { classNature } from './class-nature.js';
import { reviveAs } from './revive.js';

/** A class with instances constructed from a string: `new Decimal('0.1')`. */
export type TextClass<T extends object> = new (text: string) => T;

/** A number that converts to a string, with the sign of zero. */
interface ByText {
  valueOf(): string;
}

/**
 * `Decimal` of decimal.js, and of Prisma, which bundles its own: `decimalType(Prisma.Decimal, 'Prisma.Decimal')`.
 * Exact, including `NaN`, `Infinity` and `-0`.
 *
 * @param name written into entries; two classes in one cache need two names
 */
export function decimalType<T extends object & ByText>(
  decimal: TextClass<T>,
  name = 'Decimal',
): CacheType<T, string> {
  return byText(name, decimal, (value) => value.valueOf());
}

/** `BigNumber` of bignumber.js. Exact, including `NaN`, `Infinity` and `-0`. */
export function bigNumberType<T extends object & ByText>(
  bigNumber: TextClass<T>,
  name = 'BigNumber',
): CacheType<T, string> {
  return byText(name, bigNumber, (value) => value.valueOf());
}

/** `ObjectId` of MongoDB, from `mongodb`, `bson` or `mongoose.Types`. */
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

/** The part of a Luxon `DateTime` that the type uses. */
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

/** The part of the `DateTime` class that the type uses. */
export interface LuxonDateTimeClass<T extends LuxonDateTime> {
  readonly prototype: object;
  fromMillis(ms: number, settings: LuxonSettings): T;
  invalid(reason: string, explanation?: string): T;
}

type StoredDateTime =
  | { readonly ms: number; readonly settings: LuxonSettings }
  | { readonly invalid: string; readonly explanation: string | undefined };

/** Luxon's `DateTime`, with its zone, locale, numbering system and calendar. The system zone is stored by its name. */
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

/** The part of a Temporal class that the type uses. */
export interface TemporalClass {
  readonly prototype: object;
  from(text: string, options?: { readonly offset: 'use' }): object;
}

/** The classes of `Temporal`, built-in or of a polyfill. */
export type TemporalClasses = Readonly<Record<(typeof temporalNames)[number], TemporalClass>>;

const temporalNames = [
  ...(['Instant', 'ZonedDateTime', 'PlainDate', 'PlainTime', 'PlainDateTime'] as const),
  ...(['PlainYearMonth', 'PlainMonthDay', 'Duration'] as const),
];

/**
 * A type for every class of `Temporal`: `types: [...temporalTypes(Temporal)]`. Keeps time zone, calendar and
 * nanoseconds.
 */
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
 * A class of your own with all its state in own properties. Instances come back as instances from every method of the
 * cache, anywhere in a value. Reviving runs no constructor. Instances of a subclass are another type.
 *
 * @param name written into entries: never change it
 * @throws ValidationError for a class with private state (`#x`), which cannot be copied: write a `CacheType` instead
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

/** Excludes instances of a subclass, which would lose their class. */
function isOf(prototype: object): (value: object) => boolean {
  return (value) => Object.getPrototypeOf(value) === prototype;
}
