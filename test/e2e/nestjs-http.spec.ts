import { Readable } from 'node:stream';

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  Body,
  Controller,
  Delete,
  Get,
  HttpCode,
  Inject,
  Injectable,
  NotFoundException,
  Param,
  Put,
  Res,
  Scope,
  StreamableFile,
  type INestApplication,
} from '@nestjs/common';
import { APP_INTERCEPTOR, REQUEST } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import {
  Cache,
  Cacheable,
  CacheEvict,
  CacheInfraModule,
  CacheMonitoringInterceptor,
  CachePerformanceMonitor,
  CachePut,
} from 'nestjs-cache-infra';
import request from 'supertest';

@Injectable()
class Products {
  queries = 0;

  @Cacheable({ key: (id: string) => `product:${id}`, tags: ['products'] })
  async find(id: string): Promise<{ id: string; query: number }> {
    this.queries += 1;
    if (id === 'none') throw new NotFoundException();
    return Promise.resolve({ id, query: this.queries });
  }

  @CachePut({ key: (id: string) => `product:${id}`, tags: ['products'] })
  async save(id: string, query: number): Promise<{ id: string; query: number }> {
    return Promise.resolve({ id, query });
  }

  @CacheEvict({ tags: ['products'] })
  async removeAll(): Promise<void> {
    return Promise.resolve();
  }
}

@Controller('products')
class ProductsController {
  constructor(
    private readonly products: Products,
    private readonly cache: Cache,
  ) {}

  @Get('plain')
  plain(): string {
    return 'plain';
  }

  @Get('raw/:id')
  async raw(@Param('id') id: string, @Res() response: { send(body: unknown): unknown }): Promise<void> {
    response.send(await this.products.find(id));
  }

  @Get('stream')
  async stream(): Promise<StreamableFile> {
    await this.cache.get('absent');
    return new StreamableFile(Readable.from(['a', 'b']));
  }

  @Get(':id')
  find(@Param('id') id: string): Promise<object> {
    return this.products.find(id);
  }

  @Put(':id')
  save(@Param('id') id: string, @Body() body: { query: number }): Promise<object> {
    return this.products.save(id, body.query);
  }

  @Delete()
  @HttpCode(204)
  removeAll(): Promise<void> {
    return this.products.removeAll();
  }
}

/** A decorated handler of a controller that Nest makes anew for every request. */
@Controller({ path: 'scoped', scope: Scope.REQUEST })
class ScopedController {
  static made = 0;
  static calls = 0;
  constructor(@Inject(REQUEST) readonly request: object) {
    ScopedController.made += 1;
  }

  @Get(':id')
  @Cacheable({ key: (id: string) => `scoped:${id}` })
  async find(@Param('id') id: string): Promise<string> {
    ScopedController.calls += 1;
    return Promise.resolve(`${id} ${String(ScopedController.calls)}`);
  }
}

const adapters = [
  ['Express', () => new ExpressAdapter()],
  ['Fastify', () => new FastifyAdapter()],
] as const;

describe.each(adapters)('on %s', (name, adapter) => {
  let app: INestApplication;

  beforeEach(async () => {
    ScopedController.made = 0;
    ScopedController.calls = 0;
    const module = await Test.createTestingModule({
      imports: [CacheInfraModule.forRoot()],
      controllers: [ProductsController, ScopedController],
      providers: [Products, { provide: APP_INTERCEPTOR, useExisting: CacheMonitoringInterceptor }],
    }).compile();
    app = module.createNestApplication(adapter());
    await app.init();
    if (name === 'Fastify')
      await (app.getHttpAdapter().getInstance() as { ready(): Promise<unknown> }).ready();
  });

  afterEach(() => app.close());

  const http = () => request(app.getHttpServer() as Parameters<typeof request>[0]);

  describe('the decorators', () => {
    it('serve the second request from the cache, until it is evicted', async () => {
      await http().get('/products/1').expect(200, { id: '1', query: 1 });
      await http().get('/products/1').expect(200, { id: '1', query: 1 });
      await http().delete('/products').expect(204);
      await http().get('/products/1').expect(200, { id: '1', query: 2 });
    });

    it('put the result of a write', async () => {
      await http().put('/products/1').send({ query: 9 }).expect(200);
      await http().get('/products/1').expect(200, { id: '1', query: 9 });
    });

    it('work on handlers of request-scoped controllers, whose route metadata they keep', async () => {
      await http().get('/scoped/a').expect(200, 'a 1');
      await http().get('/scoped/a').expect(200, 'a 1');
      expect([ScopedController.made, ScopedController.calls]).toEqual([2, 1]);
    });
  });

  describe('the interceptor', () => {
    it('marks a miss that was stored, then a hit (RFC 9211)', async () => {
      const miss = await http().get('/products/1');
      expect(miss.headers['cache-status']).toBe(
        'nestjs-cache-infra; fwd=miss; stored; detail="hits=0,misses=1"',
      );
      expect(miss.headers['server-timing']).toMatch(/^cache;dur=\d+\.\d;desc="hits=0,misses=1"$/);
      const hit = await http().get('/products/1');
      expect(hit.headers['cache-status']).toBe('nestjs-cache-infra; hit; detail=l1');
      expect(hit.headers['server-timing']).toMatch(/desc="hits=1,misses=0"$/);
    });

    it('keeps concurrent requests apart', async () => {
      await http().get('/products/1');
      const answers = await Promise.all(['1', '2', '1', '3'].map((id) => http().get(`/products/${id}`)));
      const statuses = answers.map(
        ({ headers }) => /; (hit|fwd=miss)/.exec(String(headers['cache-status']))?.[1],
      );
      expect(statuses).toEqual(['hit', 'fwd=miss', 'hit', 'fwd=miss']);
    });

    it('adds no header to a request that used no cache', async () => {
      const { headers } = await http().get('/products/plain').expect(200);
      expect([headers['cache-status'], headers['server-timing']]).toEqual([undefined, undefined]);
    });

    it('works with @Res() (pitfall: status and headers were lost on a hit; @Res() broke)', async () => {
      const { headers } = await http().get('/products/raw/1').expect(200, { id: '1', query: 1 });
      expect(headers['cache-status']).toContain('fwd=miss; stored');
    });

    it('works with streams', async () => {
      const { headers, body } = (await http().get('/products/stream').expect(200)) as {
        headers: Record<string, string>;
        body: Buffer;
      };
      expect(body.toString()).toBe('ab');
      expect(headers['cache-status']).toContain('fwd=miss');
    });

    it('works with errors, which are not stored', async () => {
      const { headers } = await http().get('/products/none').expect(404);
      expect(headers['cache-status']).toBe('nestjs-cache-infra; fwd=miss; detail="hits=0,misses=1"');
      await http().get('/products/none').expect(404);
      expect(app.get(Products).queries).toBe(2);
    });

    it('reports to the monitor by route pattern, not by URL', async () => {
      for (const id of ['1', '2', '1']) await http().get(`/products/${id}`);
      await http().get('/products/plain');
      expect(app.get(CachePerformanceMonitor).getPerformanceStats().byRoute).toEqual([
        expect.objectContaining({ route: 'GET /products/:id', requests: 3, hits: 1, misses: 2, sets: 2 }),
      ]);
    });
  });
});

describe('the interceptor outside of HTTP', () => {
  it('passes everything through', async () => {
    const module = await Test.createTestingModule({ imports: [CacheInfraModule.forRoot()] }).compile();
    const interceptor = module.get(CacheMonitoringInterceptor);
    const { of, lastValueFrom } = await import('rxjs');
    const context = { getType: () => 'rpc' } as Parameters<typeof interceptor.intercept>[0];
    await expect(lastValueFrom(interceptor.intercept(context, { handle: () => of(1) }))).resolves.toBe(1);
    await module.close();
  });
});
