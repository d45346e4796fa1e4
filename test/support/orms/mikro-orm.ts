import { EntitySchema, MikroORM, type EntityManager } from '@mikro-orm/libsql';

import type { Orm, Prices } from './orm.js';

class Price {
  id = '';
  amount = 0;
}

const schema = new EntitySchema<Price>({
  class: Price,
  properties: { id: { type: 'text', primary: true }, amount: { type: 'integer' } },
});

export async function openMikroOrm(): Promise<Orm> {
  const orm = await MikroORM.init({ dbName: ':memory:', entities: [schema] });
  await orm.schema.createSchema();
  await orm.em.fork().insert(Price, { id: 'lamp', amount: 10 });
  return { ...pricesOf(() => orm.em.fork()), close: () => orm.close() };
}

/** `manager`: outside of a transaction each use gets an entity manager of its own, as each request has. */
function pricesOf(manager: () => EntityManager): Prices {
  return {
    read: async () => (await manager().findOneOrFail(Price, { id: 'lamp' }, { refresh: true })).amount,
    write: async (amount) => {
      await manager().nativeUpdate(Price, { id: 'lamp' }, { amount });
    },
    transaction: (work) => manager().transactional((inner) => work(pricesOf(() => inner))),
  };
}
