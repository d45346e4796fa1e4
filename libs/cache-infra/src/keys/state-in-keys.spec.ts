import { inspect } from 'node:util';
import { requestKey } from '../ai/request/request-key.js';
import { SerializationError, ValidationError } from '../base/errors.js';
import { canonicalJson } from './canonical-json.js';

/** Passes calls of methods on to the target, as reactive libraries do. */
function bound<T extends object>(target: T): T {
  return new Proxy(target, {
    get: (it, name) => {
      const value: unknown = Reflect.get(it, name, it);
      return typeof value === 'function' ? (value.bind(it) as unknown) : value;
    },
  });
}

class UserId {
  readonly #value: string;
  constructor(value: string) {
    this.#value = value;
  }
  get value(): string {
    return this.#value;
  }
}

class Account {
  readonly kind = 'account';
  readonly #owner: string;
  constructor(owner: string) {
    this.#owner = owner;
  }
  owner(): string {
    return this.#owner;
  }
}

const owners = new WeakMap<object, string>();
class Weak {
  readonly kind = 'weak';
  constructor(owner: string) {
    owners.set(this, owner);
  }
  owner(): string | undefined {
    return owners.get(this);
  }
}

class Below extends Account {
  override readonly kind = 'account';
}

class SaidAbove {
  readonly id = 1;
  toJSON(): object {
    return { id: this.id };
  }
}
class HidingBelow extends SaidAbove {
  readonly #tenant: string;
  constructor(tenant: string) {
    super();
    this.#tenant = tenant;
  }
  tenant(): string {
    return this.#tenant;
  }
}

class Lost extends Error {
  readonly reason = 'lost';
}

class Tenants extends Map<string, number> {
  readonly #tenant = 'acme';
  tenant(): string {
    return this.#tenant;
  }
}

class Empty {
  toJSON(): object {
    return {};
  }
}

class Nothing {
  declare readonly text?: string;
}

function argumentsOf(..._: readonly unknown[]): unknown {
  // eslint-disable-next-line prefer-rest-params -- the case
  return arguments;
}

const error = Object.assign(new Error('ann'), { [Symbol.toStringTag]: 'Object' });
Object.defineProperty(error, Symbol.toStringTag, { enumerable: false });

describe('T10: a key refuses state that cannot be read', () => {
  it.each<[string, unknown, RegExp]>([
    ['private fields', new UserId('ann'), /UserId keeps private state .*give UserId a toJSON\(\)/],
    ['private fields beside a property', new Account('ann'), /Account keeps private state/],
    ['private fields of a base class', new Below('ann'), /Account keeps private state/],
    ['private fields below a toJSON()', new HidingBelow('ann'), /HidingBelow keeps private state/],
    ['a WeakMap', new Weak('ann'), /Weak keeps private state/],
    ['an instance without properties', new Nothing(), /an instance of Nothing without readable state/],
    [
      'a toJSON() that says nothing',
      new Empty(),
      /an instance of Empty without readable state \(toJSON\(\)\)/,
    ],
    ['a proxy of a Map', bound(new Map([['a', 1]])), /a proxy of Map/],
    ['a proxy of a Set', bound(new Set([1])), /a proxy of Set/],
    ['a proxy of a Date', bound(new Date(0)), /a proxy of Date/],
    ['a proxy of binary data', bound(new Uint8Array([1])), /a proxy of Uint8Array/],
    ['a proxy that shows nothing', new Proxy({}, { get: () => 1 }), /a proxy without own properties/],
    ['an error that calls itself otherwise', error, /Error cannot be/],
    ['an error of an own class', new Lost('ann'), /Error cannot be/],
    ['a subclass of Map with private fields', new Tenants(), /Tenants keeps private state/],
    ['properties on an array', Object.assign([1], { tenant: 'a' }), /an array with properties of its own/],
    ['properties on a Map', Object.assign(new Map(), { tenant: 'a' }), /Map with properties of its own/],
    ['properties on a Date', Object.assign(new Date(0), { tenant: 'a' }), /Date with properties of its own/],
    [
      'properties on a Buffer',
      Object.assign(Buffer.from('a'), { tenant: 'a' }),
      /with properties of its own/,
    ],
    ['a boxed value', Object(1), /boxed value/],
    ['arguments', argumentsOf(1), /arguments cannot be/],
    ['hidden symbols', Object.defineProperty({}, Symbol('s'), { value: 1 }), /symbol as a property name/],
  ])('%s', (_, value, message) => {
    expect(() => canonicalJson([value])).toThrow(SerializationError);
    expect(() => canonicalJson([value])).toThrow(message);
    expect(() => canonicalJson([value])).toThrow('(at $[0]');
  });
});

describe('T10: a key tells apart', () => {
  class Circle {
    constructor(readonly size: number) {}
    area(): number {
      return this.size ** 2 * Math.PI;
    }
  }
  class Square {
    constructor(readonly size: number) {}
    area(): number {
      return this.size ** 2;
    }
  }
  class Price {
    constructor(
      readonly cents: number,
      readonly currency = 'EUR',
    ) {}
    toJSON(): string {
      return (this.cents / 100).toFixed(0);
    }
  }
  class Through {
    constructor(private readonly read: { value: string }) {
      Object.defineProperty(this, 'read', { enumerable: false });
    }
    readonly kind = 'through';
    get value(): string {
      return this.read.value;
    }
  }
  const inheriting = (tenant: string): object => Object.assign(Object.create({ tenant }) as object, { a: 1 });
  const nonEnumerable = (tenant: string): object =>
    Object.defineProperty({ a: 1 }, 'tenant', { value: tenant, enumerable: false });
  const at = (index: number): RegExp => Object.assign(/a/g, { lastIndex: index });
  class Ids extends Array<number> {
    sum(): number {
      return this.reduce((a, b) => a + b, 0);
    }
  }

  it.each<[string, unknown, unknown]>([
    ['instances of two classes with methods', new Circle(1), new Square(1)],
    ['an instance with methods and data', new Circle(1), { size: 1 }],
    ['what toJSON() rounds', new Price(501), new Price(502)],
    ['what toJSON() leaves out', new Price(500, 'EUR'), new Price(500, 'USD')],
    ['a value and its JSON', new Price(500), '5'],
    ['what a getter of the class shows', new Through({ value: 'a' }), new Through({ value: 'b' })],
    ['inherited properties', inheriting('a'), inheriting('b')],
    ['properties that are not enumerable', nonEnumerable('a'), nonEnumerable('b')],
    ['where a regular expression goes on', at(0), at(1)],
    ['a subclass of Array and an array', Ids.from([1]), [1]],
  ])('%s', (_, one, other) => {
    expect(canonicalJson(one)).not.toBe(canonicalJson(other));
  });

  it('an instance of a class without methods is data', () => {
    class Query {
      text = 'lamp';
    }
    expect(canonicalJson(new Query())).toBe(canonicalJson({ text: 'lamp' }));
  });

  it('a class whose toJSON() returns its private state is accepted', () => {
    class Id {
      readonly #value: string;
      readonly #tag = 'id';
      constructor(value: string) {
        this.#value = value;
      }
      toJSON(): string {
        return `${this.#tag}-${this.#value}`;
      }
    }
    expect(canonicalJson([new Id('a'), new Id('b')])).toBe('["id-a","id-b"]');
  });

  it('private methods and texts with a # are not private state', () => {
    class Colour {
      name = '#fff';
      #hex(): string {
        return `user:#id ${this.name}`;
      }
      text(): string {
        return this.#hex();
      }
    }
    expect(canonicalJson(new Colour())).toBe('!class("Colour",{"name":"#fff"})');
  });
});

describe('T10: the request of an AI answer', () => {
  const keyOf = (request: object): string =>
    requestKey('ask', request, { prefix: 'ai', textHashThreshold: 100 }).key;

  it.each([new Map([['a', 1]]), new Set([1]), new Date(0), Buffer.from('a'), new URL('http://a.b')])(
    'refuses %p',
    (request) => {
      expect(() => keyOf(request)).toThrow(ValidationError);
      expect(() => keyOf(request)).toThrow(/request must be an object of fields/);
    },
  );

  it.each<[object]>([[new UserId('ann')], [bound(new Map())], [new Nothing()]])(
    'refuses a value whose state cannot be read: %p',
    (request) => {
      expect(() => keyOf(request)).toThrow(SerializationError);
    },
  );

  it('includes the getters of an instance’s class', () => {
    class Ask {
      model = 'm';
      get prompt(): string {
        return `hello ${this.model}`;
      }
    }
    const { canonical } = requestKey('ask', new Ask(), { prefix: 'ai', textHashThreshold: 100 });
    expect(canonical).toContain('"prompt":"hello m"');
    expect(inspect(new Ask())).not.toContain('hello');
  });
});
