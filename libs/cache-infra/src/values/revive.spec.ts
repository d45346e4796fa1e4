import { Exclude, Expose, Transform, Type } from 'class-transformer';
import { deepFreeze } from './clone.js';
import { reviveAs } from './revive.js';
import { snapshot, type SnapshotRules } from './snapshot.js';
import { CacheTypes } from './cache-type.js';
import type { Class } from './class.js';

class Address {
  constructor(readonly city: string) {}
  label(): string {
    return `in ${this.city}`;
  }
}

abstract class Pet {
  abstract readonly kind: string;
  abstract says(): string;
}
class Dog extends Pet {
  readonly kind = 'dog';
  says(): string {
    return 'wau';
  }
}
class Cat extends Pet {
  readonly kind = 'cat';
  says(): string {
    return 'miau';
  }
}

let made = 0;
class User {
  id = 1;
  @Exclude() password = 'secret';
  @Expose({ name: 'mail' }) email = 'a@b.c';
  @Transform(({ value }) => `${String(value)}!`) motto = 'carpe diem';
  @Type(() => Address) home = new Address('Bern');
  @Type(() => Address) others: Address[] = [new Address('Uri'), new Address('Zug')];
  @Type(() => Address) byName = new Map([['work', new Address('Genf')]]);
  @Type(() => Pet, {
    discriminator: {
      property: 'kind',
      subTypes: [
        { value: Dog, name: 'dog' },
        { value: Cat, name: 'cat' },
      ],
    },
  })
  pets: Pet[] = [new Dog(), new Cat()];
  since = new Date(5);
  photo = Buffer.from('photo');
  scores = new Map([['a', 1n]]);

  constructor() {
    made++;
  }
  get initials(): string {
    return this.email.slice(0, 1);
  }
  hasPassword(password: string): boolean {
    return this.password === password;
  }
}

const rules = (as: Class): SnapshotRules => ({
  classes: 'refuse',
  as,
  types: new CacheTypes(),
  maxNodes: 10_000,
});
const throughStore = (as: Class, value: unknown): unknown => reviveAs(as, snapshot(value, rules(as)).value);

describe('T1: instances restored from a stored value', () => {
  it('have every property, excluded, renamed and transformed ones too', () => {
    const user = new User();

    const revived = throughStore(User, user) as User;

    expect(revived).toStrictEqual(user);
    expect(revived).not.toBe(user);
    expect(revived.hasPassword('secret')).toBe(true);
    expect(revived.initials).toBe('a');
  });

  it('have parts of the classes that @Type() names, by discriminator as well', () => {
    const { home, others, byName, pets } = throughStore(User, new User()) as User;

    expect([home, ...others, ...byName.values()].map((address) => address.label())).toEqual([
      'in Bern',
      'in Uri',
      'in Zug',
      'in Genf',
    ]);
    expect(pets.map((pet) => pet.says())).toEqual(['wau', 'miau']);
  });

  it('are restored without the constructor', () => {
    const stored = snapshot(new User(), rules(User)).value;
    made = 0;
    reviveAs(User, stored);
    expect(made).toBe(0);
  });

  it('are restored for the items of an array, a Map and a Set', () => {
    const [user] = [new User()];
    expect(throughStore(User, [user, null])).toStrictEqual([user, null]);
    expect(throughStore(User, new Map([['a', user]]))).toStrictEqual(new Map([['a', user]]));
    expect(throughStore(User, new Set([user]))).toStrictEqual(new Set([user]));
  });

  it('are created from a plain object of the loader', () => {
    expect(throughStore(Address, { city: 'Chur' })).toStrictEqual(new Address('Chur'));
  });

  it('are kept if the value is an instance already', () => {
    const address = new Address('Chur');
    expect(reviveAs(Address, address)).toBe(address);
  });

  it('are one instance for an object that occurs twice', () => {
    const address = new Address('Chur');
    const [first, second] = throughStore(Address, [address, address]) as Address[];
    expect(first).toBeInstanceOf(Address);
    expect(second).toBe(first);
  });

  it('are frozen if the stored value is frozen', () => {
    const revived = reviveAs(Address, deepFreeze({ city: 'Chur' }));
    expect(Object.isFrozen(revived)).toBe(true);
  });

  it('have own properties, whatever accessors their class has', () => {
    class Lazy {
      set value(_: number) {
        throw new Error('called');
      }
    }
    const lazy = Object.defineProperty(new Lazy(), 'value', { value: 1, enumerable: true });
    expect(throughStore(Lazy, lazy)).toStrictEqual(lazy);
  });

  it.each<[string, Class, unknown, RegExp]>([
    [
      'an instance of a subclass',
      Address,
      new (class Castle extends Address {})('Chur'),
      /Castle would come back as Address/,
    ],
    [
      'a part without @Type()',
      Address,
      { city: new Dog() },
      /Dog would lose its methods: give @Type\(\(\) => Dog\) on its property of Address.*\$\.city/,
    ],
    ['another class', Address, new Dog(), /Dog would come back as Address/],
    [
      'hidden properties',
      Address,
      Object.defineProperty(new Address('a'), 'x', { value: 1 }),
      /hidden properties/,
    ],
  ])('are refused for %s', (_, as, value, message) => {
    expect(() => snapshot(value, rules(as))).toThrow(message);
  });

  it('are refused for private state', () => {
    class Session {
      #user = 'ann';
      user(): string {
        return this.#user;
      }
    }
    expect(() => snapshot(new Session(), rules(Session))).toThrow(/Session holds private state.*'revive'/);
  });
});
