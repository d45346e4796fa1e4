import { Injectable, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';

import { CacheInfraModule, Cacheable } from '../../libs/cache-infra/src/nestjs/index.js';
import { closingAfterEach } from '../support/closing.js';
import { deferred, turn } from '../support/deferred.js';

const closing = closingAfterEach();

interface Product {
  readonly id: string;
  readonly related: Product | null;
}

const related: Readonly<Record<string, string>> = { a: 'b', b: 'c', c: 'a' };

@Injectable()
class Products {
  runs = 0;
  readonly end = deferred();

  /** The depth is not in the key. */
  @Cacheable({ key: (id: string) => `product:${id}` })
  async find(id: string, depth = 1): Promise<Product> {
    await turn();
    return { id, related: depth === 0 ? null : await this.find(related[id] as string, depth - 1) };
  }

  @Cacheable({ key: () => 'slow' })
  async slow(): Promise<string> {
    this.runs++;
    await this.end.promise;
    return 'value';
  }

  @Cacheable({ key: () => 'odd' })
  odd(): Promise<unknown> {
    this.runs++;
    return Promise.resolve({ format: () => 'text' });
  }
}

async function boot(): Promise<{ products: Products; close: () => Promise<void> }> {
  @Module({ imports: [CacheInfraModule.forRoot()], providers: [Products] })
  class AppModule {}
  const app = closing(await NestFactory.createApplicationContext(AppModule, { logger: false }));
  return { products: app.get(Products), close: () => app.close() };
}

describe('decorated methods whose loads wait for each other', () => {
  it.each([
    ['two', ['a', 'b'], 1],
    ['three', ['a', 'b', 'c'], 2],
  ])('T26: %s of them, started at once: each ends', async (_, ids, depth) => {
    const { products } = await boot();
    const found = await Promise.all(ids.map((id) => products.find(id, depth)));
    expect(found.map(({ id }) => id)).toEqual(ids);
    expect((await products.find('a', 0)).id).toBe('a');
  });

  it('T26: one that calls itself in a circle ends, too', async () => {
    const { products } = await boot();
    expect(await products.find('a', 5)).toMatchObject({ id: 'a', related: { id: 'b' } });
  });
});

describe('decorated methods when the application closes, or a result cannot be stored', () => {
  it('T61: a method that runs while the application closes runs once, and its caller gets its result', async () => {
    const { products, close } = await boot();
    const value = products.slow();
    await turn();
    await close();
    products.end.resolve();
    expect(await value).toBe('value');
    expect(products.runs).toBe(1);
  });

  it('T41: a result that cannot be stored is returned, and the next call runs the method again', async () => {
    const { products } = await boot();
    for (let i = 1; i <= 2; i++) {
      expect(await products.odd()).toMatchObject({ format: expect.any(Function) as unknown });
      expect(products.runs).toBe(i);
    }
  });
});
