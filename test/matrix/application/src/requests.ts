import { strictEqual } from 'node:assert';

import type { INestApplication } from '@nestjs/common';
import { Cache, CacheRegistry } from 'nestjs-cache-infra';

import { ProductsController } from './products.controller.js';
import { ProductsService } from './products.service.js';

/**
 * Sends every request twice, and closes the application. Throws unless the second answer is from a cache. A stream of
 * the dashboard is open then.
 */
export async function requestAll(app: INestApplication): Promise<void> {
  await app.listen(0, '127.0.0.1');
  try {
    const url = await app.getUrl();
    const get = async (path: string): Promise<string> => {
      const response = await fetch(`${url}${path}`);
      strictEqual(response.status, 200, path);
      return response.text();
    };
    const expectTwice = async (path: string, first: string, second = first): Promise<void> => {
      strictEqual(await get(path), first);
      strictEqual(await get(path), second);
    };

    await expectTwice('/products/7', '{"id":"7","added":"1970-01-01T00:00:00.000Z"}');
    strictEqual(app.get(ProductsService, { strict: false }).loads, 1, '@Cacheable');

    await expectTwice('/products', '["lamp"]');
    strictEqual(app.get(ProductsController, { strict: false }).lists, 1, '@HttpCache');

    const answer = '"value":"The answer to why"';
    await expectTwice('/answers/why', `{${answer},"cached":false}`, `{${answer},"cached":true}`);

    strictEqual((await get('/health')).includes('"status":"ok"'), true);

    strictEqual((await get('/cache')).includes('cache-dashboard-token'), true, 'the page of the dashboard');
    strictEqual((await get('/cache/api/state')).includes('"name":"default"'), true, 'its state');
    const events = await fetch(`${url}/cache/api/events`);
    strictEqual(events.headers.get('content-type'), 'text/event-stream; charset=utf-8');

    const cache = app.get(CacheRegistry).get();
    strictEqual(cache instanceof Cache, true);
    strictEqual(await cache.getOrSet('greeting', async () => 'hello'), 'hello');
    strictEqual(await cache.get('greeting'), 'hello');
  } finally {
    await app.close();
  }
}
