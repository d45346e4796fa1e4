import { Test, type TestingModule } from '@nestjs/testing';
import { Cache, CacheInfraModule, deferInvalidations } from 'nestjs-cache-infra';
import { DataSource, EntitySchema, type EntityManager } from 'typeorm';

interface Price {
  id: string;
  amount: number;
}

const Prices = new EntitySchema<Price>({
  name: 'price',
  columns: { id: { type: 'text', primary: true }, amount: { type: 'integer' } },
});

/** A database in memory. sql.js has one connection: every query after a write sees it. */
async function database(): Promise<DataSource> {
  const source = new DataSource({ type: 'sqljs', entities: [Prices], synchronize: true });
  await source.initialize();
  await source.getRepository(Prices).insert({ id: 'lamp', amount: 10 });
  return source;
}

const amount = async (manager: EntityManager): Promise<number | undefined> =>
  (await manager.findOneBy(Prices, { id: 'lamp' }))?.amount;

let source: DataSource;

beforeEach(async () => {
  source = await database();
});
afterEach(() => source.destroy());

describe('deferInvalidations around a transaction of TypeORM', () => {
  let module: TestingModule;
  let cache: Cache;

  const change = (to: number): Promise<void> =>
    source.transaction(async (manager) => {
      await manager.update(Prices, { id: 'lamp' }, { amount: to });
      await cache.delete('lamp');
      expect(await cache.getOrSet('lamp', () => amount(manager))).toBe(to);
      // Another request, between the eviction and the commit. Its connection sees the committed row.
      const other = deferInvalidations(() => cache.get('lamp'), { separate: true });
      expect(await other).toBe(10);
      if (to < 0) throw new Error('a price is positive');
    });

  beforeEach(async () => {
    module = await Test.createTestingModule({ imports: [CacheInfraModule.forTesting()] }).compile();
    cache = module.get(Cache);
    await cache.getOrSet('lamp', () => amount(source.manager));
  });
  afterEach(() => module.close());

  it('evicts when the transaction has committed', async () => {
    await deferInvalidations(() => change(7));
    expect(await cache.getOrSet('lamp', () => amount(source.manager))).toBe(7);
  });

  it('evicts nothing when the transaction rolls back', async () => {
    await expect(deferInvalidations(() => change(-1))).rejects.toThrow('a price is positive');
    expect(await cache.get('lamp')).toBe(10);
    expect(await amount(source.manager)).toBe(10);
  });

  it('a savepoint that rolls back costs one load, and no more', async () => {
    await deferInvalidations(() =>
      source.transaction(async (manager) => {
        const inner = manager.transaction(async (nested) => {
          await nested.update(Prices, { id: 'lamp' }, { amount: 99 });
          await deferInvalidations(() => cache.delete('lamp'));
          throw new Error('back to the savepoint');
        });
        await expect(inner).rejects.toThrow('savepoint');
        expect(await cache.getOrSet('lamp', () => amount(manager))).toBe(10);
      }),
    );
    expect(await cache.get('lamp')).toBeUndefined();
    expect(await cache.getOrSet('lamp', () => amount(source.manager))).toBe(10);
  });
});
