import { drizzle } from 'drizzle-orm/sqlite-proxy';
import { integer, sqliteTable, text } from 'drizzle-orm/sqlite-core';
import Database from 'libsql';

import type { Orm, Prices } from './orm.js';

const prices = sqliteTable('prices', { id: text().primaryKey(), amount: integer().notNull() });

/** A database of Drizzle, or a transaction. */
type Session = Parameters<Parameters<ReturnType<typeof drizzle>['transaction']>[0]>[0];

export async function openDrizzle(): Promise<Orm> {
  const sqlite = new Database(':memory:');
  sqlite.exec('create table prices (id text primary key, amount integer not null)');
  const database = drizzle((query, params: unknown[], method) => {
    const statement = sqlite.prepare(query);
    if (method !== 'run') return Promise.resolve({ rows: statement.raw().all(...params) });
    statement.run(...params);
    return Promise.resolve({ rows: [] });
  });
  await database.insert(prices).values({ id: 'lamp', amount: 10 });
  const close = (): Promise<void> => Promise.resolve(void sqlite.close());
  return { ...pricesOf(database), close };
}

function pricesOf(session: Pick<Session, 'select' | 'update' | 'transaction'>): Prices {
  return {
    read: async () => {
      const [lamp] = await session.select().from(prices);
      return lamp?.amount ?? NaN;
    },
    write: async (amount) => {
      await session.update(prices).set({ amount });
    },
    transaction: (work) => session.transaction((inner) => work(pricesOf(inner))),
  };
}
