import { describe, expect, it } from '@jest/globals';
import { Controller, Get, Post, Put } from '@nestjs/common';
import { HttpCache } from 'nestjs-cache-infra';

import {
  adapters,
  appsOfTest,
  handling,
  matrix,
  type BootOptions,
  type TestApp,
} from '../support/http-cache-app.js';

const bootApp = appsOfTest();

@Controller('products')
class ProductsController {
  name = 'lamp';

  @Get(':id')
  @HttpCache({ ttl: '1m' })
  find(): object {
    return { name: this.name };
  }

  @Put(':id')
  rename(): void {
    this.name = 'desk';
  }

  @Post(':id')
  @HttpCache({ invalidates: 'url' })
  renameHere(): void {
    this.name = 'chair';
  }
}

function boot(options: Pick<BootOptions, 'adapter' | 'tier'>): Promise<TestApp> {
  return bootApp({ controllers: [ProductsController], ...options });
}

const isHit = async (app: TestApp, path: string) => handling(await app.fetch(path)).includes('; hit');

describe('T72: a write to a path that the router of Express takes for another', () => {
  it.each(['/products/7/', '/PRODUCTS/7', '/products/%37'])('%s invalidates /products/7', async (path) => {
    const app = await boot({ adapter: 'Express', tier: 'memory' });
    await app.fetch('/products/7');
    expect((await app.fetch(path, {}, 'PUT')).status).toBe(200);
    expect(await (await app.fetch('/products/7')).json()).toEqual({ name: 'desk' });
  });
});

describe.each(matrix)('T73: a write, on %s with %s', (adapter, tier) => {
  it('invalidates its path with any query, and no other path', async () => {
    const app = await boot({ adapter, tier });
    const paths = ['/products/8', '/products/8?lang=de', '/products/8?lang=de&page=2', '/products/9'];
    for (const path of paths) await app.fetch(path);

    await app.fetch('/products/8?notify=1', {}, 'PUT');

    const hits: boolean[] = [];
    for (const path of paths) hits.push(await isHit(app, path));
    expect(hits).toEqual([false, false, false, true]);
  });

  it("invalidates its URL alone where the route says invalidates: 'url'", async () => {
    const app = await boot({ adapter, tier });
    const paths = ['/products/8', '/products/8?lang=de'];
    for (const path of paths) await app.fetch(path);

    await app.fetch('/products/8', {}, 'POST');

    expect([await isHit(app, '/products/8'), await isHit(app, '/products/8?lang=de')]).toEqual([false, true]);
  });
});

describe.each(adapters)('T72: paths that the router tells apart, on %s', (adapter) => {
  it('have entries of their own', async () => {
    const app = await boot({ adapter, tier: 'memory' });
    await app.fetch('/products/a');
    expect(handling(await app.fetch('/products/A'))).toContain('fwd=uri-miss');
  });
});
