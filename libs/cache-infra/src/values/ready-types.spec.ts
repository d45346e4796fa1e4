import { CacheTypes, type CacheType } from './cache-type.js';
import { cloneValue } from './clone.js';
import { Codec } from '../codec/codec.js';
import {
  bigNumberType,
  classType,
  decimalType,
  luxonType,
  objectIdType,
  temporalTypes,
  type TemporalClasses,
} from './ready-types.js';
import { snapshot } from './snapshot.js';

/** As the class of decimal.js: digits behind methods, and a `valueOf()` that keeps the sign of zero. */
class Decimal {
  readonly d: number[];
  readonly s: number;
  constructor(text: string) {
    this.s = text.startsWith('-') ? -1 : 1;
    this.d = [...text.replace('-', '')].map((digit) => (digit === '.' ? -1 : Number(digit)));
  }
  valueOf(): string {
    return (this.s < 0 ? '-' : '') + this.d.map((digit) => (digit === -1 ? '.' : String(digit))).join('');
  }
  toJSON(): string {
    return this.valueOf();
  }
}

/** As the class of bignumber.js, as far as it is stored. */
class BigNumber extends Decimal {}

class ObjectId {
  readonly #bytes: Buffer;
  constructor(hex: string) {
    this.#bytes = Buffer.from(hex, 'hex');
  }
  toHexString(): string {
    return this.#bytes.toString('hex');
  }
}

interface Settings {
  zone: string;
  locale?: string;
  numberingSystem?: string;
  outputCalendar?: string;
}

class DateTime {
  private constructor(
    private readonly ms: number,
    private readonly settings: Settings | undefined,
    readonly invalidReason: string | null = null,
    readonly invalidExplanation: string | null = null,
  ) {}
  static fromMillis(ms: number, settings: Settings): DateTime {
    return new DateTime(ms, settings);
  }
  static invalid(reason: string, explanation?: string): DateTime {
    return new DateTime(NaN, undefined, reason, explanation ?? null);
  }
  get isValid(): boolean {
    return this.invalidReason === null;
  }
  get zoneName(): string | null {
    return this.settings?.zone ?? null;
  }
  get locale(): string | null {
    return this.settings?.locale ?? null;
  }
  get numberingSystem(): string | null {
    return this.settings?.numberingSystem ?? null;
  }
  get outputCalendar(): string | null {
    return this.settings?.outputCalendar ?? null;
  }
  toMillis(): number {
    return this.ms;
  }
}

class TemporalLike {
  readonly #text: string;
  protected constructor(text: string) {
    this.#text = text;
  }
  static from(text: string): TemporalLike {
    return new this(text);
  }
  toString(): string {
    return this.#text;
  }
  get [Symbol.toStringTag](): string {
    return `Temporal.${this.constructor.name}`;
  }
}
const Temporal = {
  Instant: class extends TemporalLike {},
  ZonedDateTime: class extends TemporalLike {},
  PlainDate: class extends TemporalLike {},
  PlainTime: class extends TemporalLike {},
  PlainDateTime: class extends TemporalLike {},
  PlainYearMonth: class extends TemporalLike {},
  PlainMonthDay: class extends TemporalLike {},
  Duration: class extends TemporalLike {},
} satisfies TemporalClasses;

class Money {
  constructor(
    readonly cents: number,
    readonly at: Date,
  ) {}
  plus(other: Money): number {
    return this.cents + other.cents;
  }
}

const types: CacheType[] = [
  decimalType(Decimal),
  bigNumberType(BigNumber),
  objectIdType(ObjectId),
  luxonType(DateTime),
  ...temporalTypes(Temporal),
  classType('Money', Money),
];
const rules = { classes: 'refuse', types: new CacheTypes(types), maxNodes: 1000 } as const;
const meta = { stamp: 1, nonce: 1, ttlMs: 0, graceMs: 0, tagEpoch: 0, tags: undefined };
const codecWith = (known: readonly CacheType[]): Codec =>
  new Codec({
    ...{ enableCompression: false, compressionThreshold: 0, compressionLevel: 6, maxValueBytes: 1 << 20 },
    types: new CacheTypes(known),
  });

/** The value as the L1 hands it out, and as it comes from Redis. */
async function both(value: unknown): Promise<[fromL1: unknown, fromL2: unknown]> {
  const codec = codecWith(types);
  const taken = snapshot(value, rules);
  const decoded = await codec.decode(await codec.encode(taken, meta, 'k'), 'k');
  if (!decoded.ok) throw new Error(decoded.reason);
  return [cloneValue(taken.value), decoded.value];
}

describe('types whose instances are restored', () => {
  it.each<[string, object, (value: never) => unknown]>([
    ['Decimal', new Decimal('-0.10'), (value: Decimal) => value.valueOf()],
    ['BigNumber', new BigNumber('0.1'), (value: BigNumber) => value.valueOf()],
    ['BigNumber, -0', new BigNumber('-0'), (value: BigNumber) => value.valueOf()],
    ['ObjectId', new ObjectId('507f1f77bcf86cd799439011'), (value: ObjectId) => value.toHexString()],
    [
      'DateTime',
      DateTime.fromMillis(5, { zone: 'Europe/Zurich', locale: 'de' }),
      (value: DateTime) => [value.toMillis(), value.zoneName, value.locale, value.outputCalendar],
    ],
    [
      'an invalid DateTime',
      DateTime.invalid('no', 'why'),
      (value: DateTime) => [value.isValid, value.invalidExplanation],
    ],
    ...Object.entries(Temporal).map(
      ([name, type]) =>
        [`Temporal.${name}`, type.from('2026-11-28'), String] as [string, object, (value: never) => unknown],
    ),
    ['a class of your own', new Money(5, new Date(1)), (value: Money) => [value.plus(value), value.at]],
  ] as [string, object, (value: never) => unknown][])('T1: %s', async (_, value, read) => {
    const wrapped = await both({ list: [value] });

    for (const copy of wrapped as { list: [never] }[]) {
      expect(Object.getPrototypeOf(copy.list[0])).toBe(Object.getPrototypeOf(value));
      expect(read(copy.list[0])).toEqual(read(value as never));
      expect(copy.list[0]).not.toBe(value);
    }
  });

  it('T62: an instance that occurs twice is restored as one', async () => {
    const price = new Decimal('1.5');
    for (const copy of (await both([price, price])) as [object[], { whole?: object[] }]) {
      const list = 'whole' in copy ? copy.whole : (copy as object[]);
      expect(list?.[0]).toBeInstanceOf(Decimal);
    }
  });

  it('an unknown type name is a miss', async () => {
    const bytes = await codecWith(types).encode(snapshot([new Decimal('1')], rules), meta, 'k');

    expect(codecWith([]).decode(bytes, 'k')).toEqual({ ok: false, reason: 'format' });
  });

  it('a stored value that decode() refuses is a miss', async () => {
    const bytes = await codecWith(types).encode(snapshot([new Decimal('1')], rules), meta, 'k');
    const broken = {
      ...decimalType(Decimal),
      decode: () => {
        throw new Error('broken');
      },
    };

    expect(codecWith([broken]).decode(bytes, 'k')).toEqual({ ok: false, reason: 'format' });
  });

  it('a type that does not know its own instances is refused', () => {
    const forgetful = { ...decimalType(Decimal), decode: () => ({}) };
    const forgetting = { ...rules, types: new CacheTypes([forgetful]) };

    expect(() => snapshot([new Decimal('1')], forgetting)).toThrow(
      "type 'Decimal' returned no instance of it",
    );
  });

  it('a class with private state cannot be a type by its properties', () => {
    expect(() => classType('ObjectId', ObjectId)).toThrow(/ObjectId has private state/);
  });

  it('an instance of a subclass does not count as one of the class', () => {
    class Tip extends Money {}
    expect(() => snapshot(new Tip(1, new Date(1)), rules)).toThrow(/Tip would lose its methods/);
  });
});
