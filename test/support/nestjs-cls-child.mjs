// `@nestjs-cls/transactional` with `deferInvalidations`, in a process of its own: Jest cannot load it before Node 24.9,
// since it requires NestJS 12, an ES module. Prints as JSON, by scenario, the outcome and both amounts (see
// deferred-nestjs-cls.spec.ts).
import 'reflect-metadata';
import { Global, Inject, Injectable, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  ClsPluginTransactional,
  Propagation,
  Transactional,
  TransactionHost,
} from '@nestjs-cls/transactional';
import { TransactionalAdapterTypeOrm } from '@nestjs-cls/transactional-adapter-typeorm';
import { Cache, CacheEvict, CacheInfraModule, deferInvalidations } from 'nestjs-cache-infra';
import { ClsModule } from 'nestjs-cls';
import { DataSource, EntitySchema } from 'typeorm';

const Prices = new EntitySchema({
  name: 'price',
  columns: { id: { type: 'text', primary: true }, amount: { type: 'integer' } },
});

function TransactionalEvicting(...options) {
  return (target, name, descriptor) => {
    Transactional(...options)(target, name, descriptor);
    const method = descriptor.value;
    descriptor.value = function (...args) {
      return deferInvalidations(() => method.apply(this, args));
    };
  };
}

class Sales {
  constructor(cache, host) {
    this.cache = cache;
    this.host = host;
  }

  read() {
    return this.host.tx.findOneByOrFail(Prices, { id: 'lamp' }).then(({ amount }) => amount);
  }

  cached() {
    return this.cache.getOrSet('lamp', () => this.read());
  }

  /** What another request finds in the cache. */
  seenByOthers() {
    return deferInvalidations(() => this.cache.get('lamp'), { separate: true });
  }

  async change(amount) {
    await this.host.tx.update(Prices, { id: 'lamp' }, { amount });
    await this.cache.delete('lamp');
    const inside = await this.cached();
    if (amount < 0) throw new Error('a price is positive');
    return { inside, others: await this.seenByOthers() };
  }

  /** As `change`, but a decorator evicts. */
  async changeByDecorator(amount) {
    await this.host.tx.update(Prices, { id: 'lamp' }, { amount });
    return { others: await this.seenByOthers() };
  }

  /** Fails after a method that has joined its transaction has evicted. */
  async changeByDecoratorAndFail(amount) {
    await this.changeByDecorator(amount);
    throw new Error('the outer one fails');
  }

  /** Joins the transaction of the caller. */
  async changeJoined(amount) {
    await this.change(amount).catch(() => undefined);
    return { others: await this.seenByOthers() };
  }

  changeNested(amount) {
    return this.change(amount);
  }

  /** Opens a savepoint, and goes on when it is rolled back. */
  async changeAtSavepoint(amount) {
    await this.changeNested(amount).catch(() => undefined);
    return { inside: await this.cached() };
  }

  async changeAndFail(amount) {
    await this.changeNested(amount);
    throw new Error('the outer one fails');
  }
}
const decorate = (decorator, name) => {
  const descriptor = Object.getOwnPropertyDescriptor(Sales.prototype, name);
  decorator(Sales.prototype, name, descriptor);
  Object.defineProperty(Sales.prototype, name, descriptor);
};
decorate(CacheEvict({ key: () => 'lamp', when: 'commit' }), 'changeByDecorator');
for (const name of ['change', 'changeByDecorator', 'changeByDecoratorAndFail', 'changeJoined'])
  decorate(TransactionalEvicting(), name);
for (const name of ['changeAtSavepoint', 'changeAndFail']) decorate(TransactionalEvicting(), name);
decorate(TransactionalEvicting(Propagation.Nested), 'changeNested');
Inject(Cache)(Sales, undefined, 0);
Inject(TransactionHost)(Sales, undefined, 1);
Injectable()(Sales);

class DatabaseModule {}
const useFactory = () =>
  new DataSource({ type: 'sqljs', entities: [Prices], synchronize: true }).initialize();
Global()(DatabaseModule);
Module({ providers: [{ provide: DataSource, useFactory }], exports: [DataSource] })(DatabaseModule);

class AppModule {}
const adapter = new TransactionalAdapterTypeOrm({ dataSourceToken: DataSource });
Module({
  imports: [
    CacheInfraModule.forRoot(),
    DatabaseModule,
    ClsModule.forRoot({ plugins: [new ClsPluginTransactional({ adapter })] }),
  ],
  providers: [Sales],
})(AppModule);

const app = await NestFactory.createApplicationContext(AppModule, { logger: false });
const [sales, cache, database] = [app.get(Sales), app.get(Cache), app.get(DataSource)];

async function scenario(work) {
  await database.getRepository(Prices).save({ id: 'lamp', amount: 10 });
  await cache.clear();
  await sales.cached();
  const [outcome] = await Promise.allSettled([work()]);
  const after = { cached: await cache.get('lamp'), stored: await sales.read() };
  return { ...(outcome.value ?? { error: outcome.reason.message }), ...after };
}

const results = {
  commit: await scenario(() => sales.change(7)),
  rollback: await scenario(() => sales.change(-1)),
  decorated: await scenario(() => sales.changeByDecorator(7)),
  decoratedRollback: await scenario(() => sales.changeByDecoratorAndFail(7)),
  joined: await scenario(() => sales.changeJoined(-1)),
  savepoint: await scenario(() => sales.changeAtSavepoint(-1)),
  outerRollback: await scenario(() => sales.changeAndFail(7)),
};
await database.destroy();
await app.close();
console.log(JSON.stringify(results));
