import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';

import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Controller, Get, Inject, Logger, Module, Param, Scope, type INestApplication } from '@nestjs/common';
import { REQUEST } from '@nestjs/core';
import {
  ClientProxyFactory,
  EventPattern,
  MessagePattern,
  Payload,
  Transport,
  type ClientProxy,
} from '@nestjs/microservices';
import { Test } from '@nestjs/testing';
import {
  Cache,
  Cacheable,
  CacheEvict,
  CacheInfraModule,
  CachePut,
  type CacheContext,
} from 'nestjs-cache-infra';
import { defer, firstValueFrom, lastValueFrom, Observable } from 'rxjs';
import request from 'supertest';

import { until } from '../support/until.js';

interface Question {
  readonly id: string;
  readonly tenant?: string;
}

const runs: Record<string, number> = {};
const ran = (what: string): number => (runs[what] = (runs[what] ?? 0) + 1);

@Controller()
class PricesController {
  @MessagePattern('price')
  @Cacheable({ key: ({ id }: Question) => `price:${id}` })
  async price(@Payload() { id }: Question): Promise<string> {
    return Promise.resolve(`${id} ${String(ran('price'))}`);
  }

  @Cacheable({ key: ({ id }: Question) => `observed:${id}` })
  @MessagePattern('observed')
  observed(@Payload() { id }: Question): Observable<string> {
    return defer(async () => Promise.resolve(`${id} ${String(ran('observed'))}`));
  }

  @MessagePattern('of-tenant')
  @Cacheable({ key: ({ id }: Question) => `of-tenant:${id}`, vary: ['tenant'] })
  async ofTenant(@Payload() { id, tenant }: Question): Promise<string> {
    return Promise.resolve(`${id} of ${String(tenant)} ${String(ran('of-tenant'))}`);
  }

  @MessagePattern('set')
  @CachePut({ key: ({ id }: Question) => `price:${id}` })
  async set(@Payload() { id }: Question): Promise<string> {
    return Promise.resolve(`${id} set`);
  }

  @EventPattern('changed')
  @CacheEvict({ key: ({ id }: Question) => `price:${id}` })
  async changed(@Payload() { id }: Question): Promise<void> {
    ran(`changed ${id}`);
    return Promise.resolve();
  }

  @Get('price/:id')
  async overHttp(@Param('id') id: string): Promise<object> {
    return { price: await this.price({ id }) };
  }
}

@Controller({ scope: Scope.REQUEST })
class ScopedController {
  constructor(@Inject(REQUEST) readonly message: object) {}

  @MessagePattern('scoped')
  @Cacheable({ key: ({ id }: Question) => `scoped:${id}` })
  async find(@Payload() { id }: Question): Promise<string> {
    return Promise.resolve(`${id} ${String(ran('scoped'))}`);
  }
}

const tenant = ({ args: [payload] }: CacheContext) => (payload as Question | undefined)?.tenant;

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

const redisUrl = process.env['TEST_REDIS_URL'];

describe.each([
  ['memory', { useMemoryCache: true }],
  ['Redis', { redisUrl, keyPrefix: 'microservice' }],
])('the decorators in a hybrid application over TCP, %s', (_, options) => {
  @Module({ imports: [CacheInfraModule.forRoot({ ...options, vary: { tenant } })] })
  class CachesModule {}

  let app: INestApplication;
  let client: ClientProxy;
  let warn: jest.SpiedFunction<Logger['warn']>;

  const start = async (hybrid: { inheritAppConfig: boolean }): Promise<void> => {
    const port = await freePort();
    const module = await Test.createTestingModule({
      imports: [CachesModule],
      controllers: [PricesController, ScopedController],
    }).compile();
    app = module.createNestApplication();
    app.connectMicroservice({ transport: Transport.TCP, options: { host: '127.0.0.1', port } }, hybrid);
    await app.startAllMicroservices();
    await app.init();
    await app.get(Cache).clear();
    client = ClientProxyFactory.create({ transport: Transport.TCP, options: { host: '127.0.0.1', port } });
  };

  beforeEach(() => {
    for (const name of Object.keys(runs)) delete runs[name];
    warn = jest.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
  });
  afterEach(async () => {
    warn.mockRestore();
    await client.close();
    await app.close();
  });

  const send = (pattern: string, question: Question) =>
    lastValueFrom(client.send<string, Question>(pattern, question));

  it('message handlers are served from the cache, of promises and Observables, of any scope', async () => {
    await start({ inheritAppConfig: true });
    for (const pattern of ['price', 'observed', 'scoped']) {
      expect(await send(pattern, { id: 'a' })).toBe('a 1');
      expect(await send(pattern, { id: 'a' })).toBe('a 1');
      expect(await send(pattern, { id: 'b' })).toBe('b 2');
    }
  });

  it('messages and events put and evict, and HTTP shares the entries', async () => {
    await start({ inheritAppConfig: true });
    const http = () => request(app.getHttpServer() as Parameters<typeof request>[0]).get('/price/a');
    await send('set', { id: 'a' });
    expect((await http()).body).toEqual({ price: 'a set' });
    await firstValueFrom(client.emit('changed', { id: 'a' }), { defaultValue: undefined });
    await until(async () => !(await app.get(Cache).has('price:a')));
    expect((await http()).body).toEqual({ price: 'a 1' });
  });

  it('vary: by the content of a message', async () => {
    await start({ inheritAppConfig: true });
    expect(await send('of-tenant', { id: 'a', tenant: 'x' })).toBe('a of x 1');
    expect(await send('of-tenant', { id: 'a', tenant: 'y' })).toBe('a of y 2');
    expect(await send('of-tenant', { id: 'a', tenant: 'x' })).toBe('a of x 1');
  });

  it('vary without inheritAppConfig: no interceptor of the application runs, and nothing is shared', async () => {
    await start({ inheritAppConfig: false });
    expect(await send('of-tenant', { id: 'a', tenant: 'x' })).toBe('a of x 1');
    expect(await send('of-tenant', { id: 'a', tenant: 'y' })).toBe('a of y 2');
    expect(await send('of-tenant', { id: 'a', tenant: 'x' })).toBe('a of x 3');
  });
});
