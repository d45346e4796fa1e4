import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { Test, type TestingModule } from '@nestjs/testing';
import { Cacheable, CacheEvict, CacheInfraModule } from 'nestjs-cache-infra';

/** A database in which a write is seen by others after its commit. */
class Database {
  /** Runs when a transaction has done its work and before it commits: the moment of the race. */
  beforeCommit: () => Promise<unknown> = () => Promise.resolve();
  readonly #prices = new Map([['lamp', 10]]);
  readonly #written = new Map<string, number>();
  #afterCommit: (() => Promise<unknown>)[] = [];
  #depth = 0;

  read(id: string): number | undefined {
    return this.#prices.get(id);
  }

  write(id: string, price: number): void {
    this.#written.set(id, price);
  }

  /** As the hooks of ORMs do. */
  afterCommit(work: () => Promise<unknown>): void {
    this.#afterCommit.push(work);
  }

  /** A transaction within another one joins it. */
  async transaction<T>(work: () => Promise<T>): Promise<T> {
    this.#depth += 1;
    const result = await work().finally(() => (this.#depth -= 1));
    if (this.#depth > 0) return result;
    await this.beforeCommit();
    for (const [id, price] of this.#written) this.#prices.set(id, price);
    this.#written.clear();
    await Promise.all(this.#afterCommit.splice(0).map((hook) => hook()));
    return result;
  }
}

let database: Database;

/** As the decorators of ORMs do: the method runs in a transaction. */
const Transactional = () => (_target: object, _name: string | symbol, descriptor: PropertyDescriptor) => {
  const method = descriptor.value as (...args: unknown[]) => Promise<unknown>;
  descriptor.value = function (this: unknown, ...args: unknown[]): Promise<unknown> {
    return database.transaction(() => method.apply(this, args));
  };
};

const key = (id: string): string => `price:${id}`;

@Injectable()
class Prices {
  @Cacheable({ key })
  async find(id: string): Promise<number | undefined> {
    return Promise.resolve(database.read(id));
  }

  @Transactional()
  @CacheEvict({ key })
  async changeEvictingInside(id: string, price: number): Promise<void> {
    database.write(id, price);
    return Promise.resolve();
  }

  @CacheEvict({ key })
  @Transactional()
  async change(id: string, price: number): Promise<void> {
    database.write(id, price);
    return Promise.resolve();
  }
}

@Injectable()
class Sales {
  constructor(private readonly prices: Prices) {}

  @Transactional()
  async begin(): Promise<void> {
    await this.prices.change('lamp', 7);
  }

  @CacheEvict({ key: 'price:lamp' })
  @Transactional()
  async beginAndEvict(): Promise<void> {
    await this.prices.change('lamp', 7);
  }
}

@Injectable()
class Discounts {
  @Transactional()
  async begin(): Promise<void> {
    database.write('lamp', 7);
    database.afterCommit(() => this.forget('lamp'));
    return Promise.resolve();
  }

  @CacheEvict({ key })
  async forget(_id: string): Promise<void> {
    return Promise.resolve();
  }
}

describe('T83: an eviction and a transaction, with a read between the write and its commit', () => {
  let app: TestingModule;
  let prices: Prices;

  beforeEach(async () => {
    database = new Database();
    app = await Test.createTestingModule({
      imports: [CacheInfraModule.forTesting()],
      providers: [Prices, Sales, Discounts],
    }).compile();
    await app.init();
    prices = app.get(Prices);
    database.beforeCommit = () => prices.find('lamp');
  });
  afterEach(() => app.close());

  it('T83: evicting inside of the transaction leaves the old value for its whole ttl', async () => {
    await prices.changeEvictingInside('lamp', 7);
    expect(await prices.find('lamp')).toBe(10);
  });

  it('T83: evicting outside of the transaction leaves the new value', async () => {
    await prices.change('lamp', 7);
    expect(await prices.find('lamp')).toBe(7);
  });

  it('T83: evicting inside of the transaction of another service is too early again', async () => {
    await app.get(Sales).begin();
    expect(await prices.find('lamp')).toBe(10);
  });

  it('T83: the outermost method evicts what its transaction changes', async () => {
    await app.get(Sales).beginAndEvict();
    expect(await prices.find('lamp')).toBe(7);
  });

  it('T83: a hook after the commit leaves the new value, too', async () => {
    await app.get(Discounts).begin();
    expect(await prices.find('lamp')).toBe(7);
  });
});
