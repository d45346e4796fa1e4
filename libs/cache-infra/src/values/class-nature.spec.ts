import { runInNewContext } from 'node:vm';
import { Exclude, Expose, Transform, Type } from 'class-transformer';
import { classNature, isObjectPrototype } from './class-nature.js';

class Bare {
  id = 1;
  colour = '#fff'; // #notPrivate
}
class Typed extends Bare {
  @Type(() => Bare) part?: Bare;
}
class Hidden {
  @Exclude() password = 'secret';
}
class HeirOfHidden extends Hidden {}
@Exclude()
class AllHidden {
  id = 1;
}
class Renamed {
  @Expose({ name: 'ID' }) id = 1;
}
class Transformed {
  @Transform(() => 2) id = 1;
}
class Private {
  #x = 1;
  static of(it: Private): number {
    return it.#x;
  }
}
class HeirOfPrivate extends Private {
  y = 2;
}
const states = new WeakMap<object, number>();
class Weak {
  id = 1;
  constructor() {
    states.set(this, 1);
  }
}

describe('the nature of a class', () => {
  it.each([
    ['nothing but properties', Bare, undefined],
    ['a base with nothing but properties', class extends Bare {}, undefined],
    [
      'static members',
      class {
        id = 1;
        static of(): number {
          return 1;
        }
      },
      undefined,
    ],
    [
      'a method',
      class {
        name(): string {
          return '';
        }
      },
      'its methods',
    ],
    [
      'a method under a symbol',
      class {
        *[Symbol.iterator](): Iterator<number> {}
      },
      'its methods',
    ],
    [
      'an inherited method',
      class extends class {
        name(): string {
          return '';
        }
      } {},
      'its methods',
    ],
    [
      'an accessor',
      class {
        id = 1;
        get name(): string {
          return String(this.id);
        }
      },
      'its accessors',
    ],
    ['a private field', Private, 'its private state'],
    ['an inherited private field', HeirOfPrivate, 'its private state'],
    ['state in a WeakMap, as compilers write private fields', Weak, 'its private state'],
    ['@Exclude()', Hidden, expect.stringContaining('class-transformer')],
    ['an inherited @Exclude()', HeirOfHidden, expect.stringContaining('class-transformer')],
    ['@Exclude() on the class', AllHidden, expect.stringContaining('class-transformer')],
    ['@Expose()', Renamed, expect.stringContaining('class-transformer')],
    ['@Transform()', Transformed, expect.stringContaining('class-transformer')],
    ['@Type()', Typed, expect.stringContaining('class-transformer')],
  ] as [string, { prototype: object }, string | undefined][])('T1, T6: %s', (_, { prototype }, loss) => {
    expect(classNature(prototype).loss).toEqual(loss);
  });

  it('T6: data on a prototype would be lost, too', () => {
    expect(classNature(Object.create({ inherited: 1 }) as object).loss).toBe('what it inherits');
  });

  it('names the built-in that a class extends', () => {
    class Registry extends Map<string, number> {}
    expect(classNature(Registry.prototype)).toMatchObject({ builtIn: 'Map', isBuiltIn: false });
    expect(classNature(Set.prototype)).toMatchObject({ builtIn: 'Set', isBuiltIn: true });
  });

  it('T1: is looked up once for each prototype', () => {
    expect(classNature(Bare.prototype)).toBe(classNature(Bare.prototype));
  });

  it('knows object literals of other realms', () => {
    const foreign = runInNewContext('({ a: 1 })') as object;
    expect(isObjectPrototype(Object.getPrototypeOf(foreign) as object)).toBe(true);
    expect(isObjectPrototype(Bare.prototype)).toBe(false);
  });
});
