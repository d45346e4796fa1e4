import { DataSource, EntitySchema, type EntityManager } from 'typeorm';

import type { Orm, Prices } from './orm.js';

const PriceSchema = new EntitySchema<{ id: string; amount: number }>({
  name: 'price',
  columns: { id: { type: 'text', primary: true }, amount: { type: 'integer' } },
});

export async function openTypeorm(): Promise<Orm> {
  const source = new DataSource({ type: 'sqljs', entities: [PriceSchema], synchronize: true });
  await source.initialize();
  await source.getRepository(PriceSchema).insert({ id: 'lamp', amount: 10 });
  return { ...pricesOf(source.manager), close: () => source.destroy() };
}

function pricesOf(manager: EntityManager): Prices {
  return {
    read: async () => (await manager.findOneByOrFail(PriceSchema, { id: 'lamp' })).amount,
    write: async (amount) => {
      await manager.update(PriceSchema, { id: 'lamp' }, { amount });
    },
    transaction: (work) => manager.transaction((inner) => work(pricesOf(inner))),
  };
}
