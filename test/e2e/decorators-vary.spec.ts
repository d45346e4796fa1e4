import { setImmediate as turn } from 'node:timers/promises';

import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import {
  Body,
  Controller,
  Get,
  Injectable,
  Param,
  Post,
  Scope,
  UseGuards,
  type CanActivate,
  type ExecutionContext,
  type INestApplication,
} from '@nestjs/common';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { Cache, Cacheable, CacheInfraModule, type CacheContext } from 'nestjs-cache-infra';
import request from 'supertest';

/** Puts on the request who it is from, as an authentication guard does. */
class Authenticated implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const incoming = context
      .switchToHttp()
      .getRequest<{ headers: Record<string, string | undefined>; user?: object }>();
    const id = incoming.headers['x-user'];
    if (id !== undefined) incoming.user = { id };
    return true;
  }
}

const vary = {
  tenant: ({ request: incoming }: CacheContext) => incoming?.headers['x-tenant'] as string | undefined,
  user: ({ request: incoming }: CacheContext) => (incoming?.['user'] as { id: string } | undefined)?.id,
};

/** A singleton: it does not know of any request. */
@Injectable()
class Orders {
  static runs = 0;

  @Cacheable({ key: (id: string) => `order:${id}`, vary: ['tenant', 'user'] })
  async find(id: string, owner: string): Promise<string> {
    Orders.runs += 1;
    for (let wait = Orders.runs % 5; wait > 0; wait--) await turn();
    return `${id} of ${owner}`;
  }
}

@Controller('orders')
@UseGuards(Authenticated)
class OrdersController {
  constructor(private readonly orders: Orders) {}

  @Get(':tenant/:user/:id')
  async find(
    @Param('tenant') tenant: string,
    @Param('user') user: string,
    @Param('id') id: string,
  ): Promise<object> {
    return { order: await this.orders.find(id, `${tenant}/${user}`) };
  }

  @Post()
  async post(@Body() { id, owner }: { id: string; owner: string }): Promise<object> {
    return { order: await this.orders.find(id, owner) };
  }
}

@Controller({ path: 'mine', scope: Scope.REQUEST })
@UseGuards(Authenticated)
class MineController {
  @Get(':name')
  @Cacheable({ key: 'mine', vary: ['user'] })
  async mine(@Param('name') name: string): Promise<object> {
    Orders.runs += 1;
    return Promise.resolve({ name });
  }
}

const redisUrl = process.env['TEST_REDIS_URL'];
const adapters = [
  ['Express', () => new ExpressAdapter()],
  ['Fastify', () => new FastifyAdapter()],
] as const;
const tiers = [
  ['memory', { useMemoryCache: true }],
  ['Redis', { redisUrl }],
] as const;
const matrix = adapters.flatMap(([name, adapter]) =>
  tiers.map(([tier, options]) => [name, tier, adapter, options] as const),
);

describe.each(matrix)('guarantee 16: vary on %s, %s', (name, tier, adapter, options) => {
  let app: INestApplication;

  beforeAll(async () => {
    const keyPrefix = `vary-${name}-${tier}`;
    const module = await Test.createTestingModule({
      imports: [CacheInfraModule.forRoot({ ...options, keyPrefix, l1CacheSize: 1000, vary })],
      controllers: [OrdersController, MineController],
      providers: [Orders],
    }).compile();
    app = module.createNestApplication(adapter());
    await app.listen(0, '127.0.0.1');
  });
  beforeEach(async () => {
    Orders.runs = 0;
    await app.get(Cache).clear();
  });
  afterAll(() => app.close());

  const http = () => request(app.getHttpServer() as Parameters<typeof request>[0]);
  const as = (tenant: string, user: string, id: string) =>
    http().get(`/orders/${tenant}/${user}/${id}`).set('x-tenant', tenant).set('x-user', user);

  it('1,000 interleaved requests of 50 users: 0 leaks', async () => {
    const calls = Array.from({ length: 1000 }, (_, index) => ({
      tenant: `t${String(index % 3)}`,
      user: `u${String(index % 50)}`,
      id: String(index % 2),
    }));
    const leaks: unknown[] = [];
    const ask = async (): Promise<void> => {
      for (let call = calls.pop(); call !== undefined; call = calls.pop()) {
        const { tenant, user, id } = call;
        const { body } = (await as(tenant, user, id).expect(200)) as { body: { order: string } };
        if (body.order !== `${id} of ${tenant}/${user}`) leaks.push({ call, body });
      }
    };

    await Promise.all(Array.from({ length: 25 }, ask));

    expect(leaks).toEqual([]);
    expect(Orders.runs).toBeLessThan(350);
  }, 60_000);

  it('knows the user of a request with a body', async () => {
    const post = (user: string) =>
      http().post('/orders').set('x-tenant', 't').set('x-user', user).send({ id: '1', owner: user });
    await post('ann').expect(201, { order: '1 of ann' });
    await post('bob').expect(201, { order: '1 of bob' });
    await post('ann').expect(201, { order: '1 of ann' });
    expect(Orders.runs).toBe(2);
  });

  it('shares nothing among requests with an unknown user', async () => {
    const anonymous = (owner: string) => http().get(`/orders/t/${owner}/1`).set('x-tenant', 't');
    await anonymous('a').expect({ order: '1 of t/a' });
    await anonymous('b').expect({ order: '1 of t/b' });
    expect(Orders.runs).toBe(2);
  });

  it('works on the handlers of a request-scoped controller', async () => {
    const mine = (user: string) => http().get(`/mine/${user}`).set('x-user', user);
    await mine('ann').expect({ name: 'ann' });
    await mine('bob').expect({ name: 'bob' });
    await mine('ann').expect({ name: 'ann' });
    expect(Orders.runs).toBe(2);
  });
});
