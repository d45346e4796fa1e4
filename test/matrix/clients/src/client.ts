// A cache on a Redis client that the application brings.
import 'reflect-metadata';
import { deepStrictEqual, strictEqual } from 'node:assert';
import { setTimeout } from 'node:timers/promises';

import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { CacheInfraModule, CacheRegistry, type RedisConnectionOptions } from 'nestjs-cache-infra';

/** Tries the module in two applications that share a Redis. */
export async function tryClients(clientOf: () => RedisConnectionOptions): Promise<void> {
  const start = async () => {
    @Module({ imports: [CacheInfraModule.forRoot({ redis: clientOf(), keyPrefix: 'matrix' })] })
    class AppModule {}
    return NestFactory.createApplicationContext(AppModule, {
      logger: ['error', 'warn'],
      abortOnError: false,
    });
  };
  const [first, second] = [await start(), await start()];
  const [one, other] = [first.get(CacheRegistry).get(), second.get(CacheRegistry).get()];
  await one.set('user:1', { born: new Date(0) }, { tags: ['users'] });
  deepStrictEqual(await other.get('user:1'), { born: new Date(0) });
  deepStrictEqual(await one.getMany(['user:1', 'user:2']), new Map([['user:1', { born: new Date(0) }]]));
  let loads = 0;
  const load = async (): Promise<number> => ++loads;
  deepStrictEqual([await one.getOrSet('n', load), await other.getOrSet('n', load)], [1, 1]);
  await one.invalidateTags('users');
  // The L1 of the other application hears of it by a message.
  const end = Date.now() + 10_000;
  while ((await other.get('user:1')) !== undefined && Date.now() < end) await setTimeout(5);
  strictEqual(await other.get('user:1'), undefined);
  await one.clear();
  await first.close();
  await second.close();
}
