import { Test, type TestingModule } from '@nestjs/testing';
import { Cache, CacheInfraModule, deferInvalidations } from 'nestjs-cache-infra';

import { openDrizzle } from '../support/orms/drizzle.js';
import { openMikroOrm } from '../support/orms/mikro-orm.js';
import type { Orm, Prices } from '../support/orms/orm.js';
import { openTypeorm } from '../support/orms/typeorm.js';

/** What another request finds in the cache, whichever scope is open here. */
const seenByOthers = (cache: Cache): Promise<number | undefined> =>
  deferInvalidations(() => cache.get<number>('lamp'), { separate: true });

describe.each([
  ['TypeORM', openTypeorm],
  ['Drizzle', openDrizzle],
  ['MikroORM', openMikroOrm],
])('guarantee 20: deferInvalidations around a transaction of %s', (_, open) => {
  let database: Orm;
  let module: TestingModule;
  let cache: Cache;

  beforeEach(async () => {
    database = await open();
    module = await Test.createTestingModule({ imports: [CacheInfraModule.forTesting()] }).compile();
    cache = module.get(Cache);
    await cache.getOrSet('lamp', () => database.read());
  });
  afterEach(async () => {
    await module.close();
    await database.close();
  });

  async function change(prices: Prices, amount: number): Promise<void> {
    await prices.write(amount);
    await cache.delete('lamp');
  }

  it('evicts when the transaction has committed', async () => {
    await deferInvalidations(() => database.transaction((prices) => change(prices, 7)));

    expect(await cache.get('lamp')).toBeUndefined();
    expect(await cache.getOrSet('lamp', () => database.read())).toBe(7);
  });

  it('evicts nothing when the transaction rolls back', async () => {
    const changed = deferInvalidations(() =>
      database.transaction(async (prices) => {
        await change(prices, -1);
        throw new Error('a price is positive');
      }),
    );

    await expect(changed).rejects.toThrow('a price is positive');
    expect(await cache.get('lamp')).toBe(10);
    expect(await database.read()).toBe(10);
  });

  it('reads past the cache inside, stores nothing, and hides the row from others until the commit', async () => {
    await deferInvalidations(() =>
      database.transaction(async (prices) => {
        await change(prices, 7);
        expect(await cache.getOrSet('lamp', () => prices.read())).toBe(7);
        expect(await cache.get('lamp')).toBeUndefined();
        expect(await seenByOthers(cache)).toBe(10);
      }),
    );

    expect(await cache.get('lamp')).toBeUndefined();
  });

  it('waits for the outer transaction, and evicts nothing when that one rolls back', async () => {
    const changed = deferInvalidations(() =>
      database.transaction(async (prices) => {
        await deferInvalidations(() => prices.transaction((nested) => change(nested, 7)));
        expect(await prices.read()).toBe(7);
        expect(await seenByOthers(cache)).toBe(10);
        throw new Error('the outer one fails');
      }),
    );

    await expect(changed).rejects.toThrow('the outer one fails');
    expect(await cache.get('lamp')).toBe(10);
    expect(await database.read()).toBe(10);
  });

  it('a savepoint that rolls back costs one load, and no more', async () => {
    await deferInvalidations(() =>
      database.transaction(async (prices) => {
        const inner = prices.transaction(async (nested) => {
          await deferInvalidations(() => change(nested, 99));
          throw new Error('back to the savepoint');
        });
        await expect(inner).rejects.toThrow('savepoint');
        expect(await cache.getOrSet('lamp', () => prices.read())).toBe(10);
      }),
    );

    expect(await cache.get('lamp')).toBeUndefined();
    expect(await cache.getOrSet('lamp', () => database.read())).toBe(10);
  });
});
