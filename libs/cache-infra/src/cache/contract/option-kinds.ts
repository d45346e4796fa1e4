// The kinds of options: how a value is checked, described in JSON Schema, and read from an environment variable.
import type { Check, Checks, NestedCheck } from '../../base/checks.js';
import {
  booleanValue,
  duration as durationCheck,
  entriesInMemory,
  fraction as fractionCheck,
  functionValue,
  group as groupCheck,
  integerBetween,
  mostEntries,
  nonEmptyString,
  nonNegativeInteger,
  objectValue,
  objectWith,
  oneOf,
  positiveInteger,
  properFraction as properFractionCheck,
  redisUrl as redisUrlCheck,
  stringValue,
  timeout as timeoutCheck,
} from '../../base/checks.js';
import { byteSizeProblem, memorySizeProblem, type ByteSize, type MemorySize } from '../../base/byte-size.js';
import { maxDurationMs } from '../../base/duration.js';
import { flagText, numberText, plainText } from '../../base/text-values.js';
import type { Ttl } from './options.js';

/** A schema of JSON Schema (2020-12), as far as it is needed here. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/** What options of one kind have in common. */
export interface Kind {
  readonly check: Check | NestedCheck;
  readonly schema: JsonSchema;
  /** What a value is counted in, or what it is: `'bytes'`, `'duration'`. Markdown, for the documentation. */
  readonly unit: string;
  /** Reads the text of an environment variable. Text of the wrong form comes back as it is, and fails the check. */
  readonly fromText: (text: string) => unknown;
  /** The form of that text, where it is one of its own; then `fromText` returns text only if the text has another. */
  readonly textForm?: string;
}

/** What one option says beside its kind. */
export interface Facts {
  /** Overrides that of the kind. */
  readonly unit?: string;
  /** The environment variable that sets the option. */
  readonly variable?: string;
}

/** One option of the table. Its name is its key there; its description is the doc comment of that key. */
export interface Option<T> extends Kind, Omit<Facts, 'unit'> {
  readonly default?: T;
}

/** An option with a default that every cache has alike. */
export interface DefaultedOption<T> extends Option<T> {
  readonly default: T;
}

/** Makes options of one kind. */
export interface OptionMaker<T> {
  (facts: Facts & { readonly default: T }): DefaultedOption<T>;
  (facts?: Facts): Option<T>;
}

export type OptionTable = Readonly<Record<string, Option<unknown>>>;

/**
 * The type of an option's value. An options type spells out its mapping over a table, `{ [K in keyof Table]?:
 * ValueOf<…> }`: an alias of a shared `OptionsOf<Table>` would lose its name in messages of the compiler.
 */
export type ValueOf<O> = O extends DefaultedOption<infer V> ? V : O extends Option<infer V> ? V : never;

/** The defaults of a table. */
export type DefaultsOf<T> = {
  readonly [K in keyof T as T[K] extends DefaultedOption<unknown> ? K : never]: ValueOf<T[K]>;
};

export function kind<T>(shared: Omit<Kind, 'fromText'> & Partial<Kind>): OptionMaker<T> {
  function make(facts: Facts & { readonly default: T }): DefaultedOption<T>;
  function make(facts?: Facts): Option<T>;
  function make(facts: Facts & { readonly default?: T } = {}): Option<T> {
    return { fromText: plainText, ...shared, ...facts };
  }
  return make;
}

/** The checks of a table, by the names of its options. */
export function checksOf<T extends OptionTable>(
  table: T,
): Checks & Readonly<Record<keyof T, Checks[string]>> {
  return Object.fromEntries(Object.entries(table).map(([name, { check }]) => [name, check])) as Checks &
    Readonly<Record<keyof T, Checks[string]>>;
}

/** The defaults of a table, by the names of its options. */
export function defaultsOf<T extends OptionTable>(table: T): DefaultsOf<T> {
  const defaulted = Object.entries(table).filter(([, option]) => option.default !== undefined);
  return Object.fromEntries(defaulted.map(([name, option]) => [name, option.default])) as DefaultsOf<T>;
}

/** The `properties` of a JSON Schema of a table. */
export function propertiesOf(table: OptionTable): Readonly<Record<string, JsonSchema>> {
  return Object.fromEntries(
    Object.entries(table).map(([name, { schema, default: value }]) => [
      name,
      value === undefined ? schema : { ...schema, default: value },
    ]),
  );
}

const secondsSchema = { type: 'integer', minimum: 0, maximum: maxDurationMs / 1000 };
const unitPattern = '(ms|s|m|h|d)$';

/** Whole seconds, or text with a unit. */
export const durationSchema: JsonSchema = {
  anyOf: [secondsSchema, { type: 'string', pattern: `^\\d+(\\.\\d+)?${unitPattern}` }],
};

/** Non-empty text. */
export const text = kind<string>({
  check: nonEmptyString,
  schema: { type: 'string', minLength: 1 },
  unit: 'text',
});
/** Text, also the empty one: credentials. */
export const anyText = kind<string>({ check: stringValue, schema: { type: 'string' }, unit: 'text' });
export const flag = kind<boolean>({
  check: booleanValue,
  schema: { type: 'boolean' },
  unit: 'flag',
  fromText: flagText,
});
/** Whole seconds, or text with a unit. */
export const duration = kind<Ttl>({
  check: durationCheck,
  schema: durationSchema,
  unit: 'duration',
  fromText: numberText,
});
/** A duration above 0. */
export const timeout = kind<Ttl>({
  check: timeoutCheck,
  schema: {
    anyOf: [
      { ...secondsSchema, minimum: 1 },
      { type: 'string', pattern: `^(?!0+(\\.0+)?${unitPattern})\\d+(\\.\\d+)?${unitPattern}` },
    ],
  },
  unit: 'duration above 0',
  fromText: numberText,
});
export const fraction = kind<number>({
  check: fractionCheck,
  schema: { type: 'number', minimum: 0, maximum: 1 },
  unit: '0 to 1',
  fromText: numberText,
});
/** Neither 0 nor 1. */
export const properFraction = kind<number>({
  check: properFractionCheck,
  schema: { type: 'number', exclusiveMinimum: 0, exclusiveMaximum: 1 },
  unit: 'between 0 and 1',
  fromText: numberText,
});
/** An integer, 0 or more. */
export const count = kind<number>({
  check: nonNegativeInteger,
  schema: { type: 'integer', minimum: 0 },
  unit: 'integer, 0 or more',
  fromText: numberText,
});
/** An integer, 1 or more. */
export const positive = kind<number>({
  check: positiveInteger,
  schema: { type: 'integer', minimum: 1 },
  unit: 'integer, 1 or more',
  fromText: numberText,
});
/** Bytes as a number, or a text above 0 with one of `units`. */
const sizeSchema = (units: string): JsonSchema => ({
  anyOf: [
    { type: 'integer', minimum: 1 },
    { type: 'string', pattern: `^(?!0+(\\.0+)?(${units})$)\\d+(\\.\\d+)?(${units})$` },
  ],
});
/** Bytes, or text with a unit. */
export const byteSize = kind<ByteSize>({
  check: byteSizeProblem,
  schema: sizeSchema('kb|mb|gb'),
  unit: "bytes, or text: `'256mb'`",
  fromText: numberText,
});
/** Bytes, text with a unit, or a share of V8's heap limit. */
export const memorySize = kind<MemorySize>({
  check: memorySizeProblem,
  schema: sizeSchema('kb|mb|gb|%'),
  unit: "bytes, or text: `'256mb'`, `'25%'`",
  fromText: numberText,
});
/** How many entries memory holds. */
export const entries = kind<number>({
  check: entriesInMemory,
  schema: { type: 'integer', minimum: 1, maximum: mostEntries },
  unit: 'entries',
  fromText: numberText,
});
export const redisUrl = kind<string>({
  check: redisUrlCheck,
  schema: { type: 'string', pattern: '^([Rr][Ee][Dd][Ii][Ss][Ss]?|[Uu][Nn][Ii][Xx])://.+' },
  unit: 'URL',
});

export function integer(min: number, max: number): OptionMaker<number> {
  return kind<number>({
    check: integerBetween(min, max),
    schema: { type: 'integer', minimum: min, maximum: max },
    unit: `integer, ${String(min)} to ${String(max)}`,
    fromText: numberText,
  });
}

/** One of some words. */
export function choice<T extends string>(...words: readonly T[]): OptionMaker<T> {
  return kind<T>({
    check: oneOf(...words),
    schema: { enum: words },
    unit: words.map((word) => `\`'${word}'\``).join(', '),
  });
}

/** Options of a table of their own, under one name. */
export function group<T>(table: OptionTable): OptionMaker<T> {
  return kind<T>({
    check: groupCheck(checksOf(table)),
    schema: { type: 'object', additionalProperties: false, properties: propertiesOf(table) },
    unit: 'object',
  });
}

/** A function of the user's. JSON Schema has no word for it. */
export function callback<T>(): OptionMaker<T> {
  return kind<T>({ check: functionValue, schema: {}, unit: 'function' });
}

/** An object of the user's, with these methods. */
export function service<T>(...methods: readonly string[]): OptionMaker<T> {
  return kind<T>({
    check: methods.length === 0 ? objectValue : objectWith(...methods),
    schema: { type: 'object' },
    unit: methods.length === 0 ? 'object' : `\`{ ${methods.map((name) => `${name}()`).join(', ')} }\``,
  });
}
