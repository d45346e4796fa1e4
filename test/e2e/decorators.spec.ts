import { randomUUID } from 'node:crypto';

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  applyDecorators,
  Body,
  Controller,
  createParamDecorator,
  Delete,
  ForbiddenException,
  Get,
  Header,
  Headers,
  HttpCode,
  Injectable,
  NotFoundException,
  Param,
  ParseIntPipe,
  Put,
  Query,
  Scope,
  SetMetadata,
  UseGuards,
  UseInterceptors,
  UsePipes,
  type CallHandler,
  type CanActivate,
  type ExecutionContext,
  type INestApplication,
  type NestInterceptor,
  type PipeTransform,
} from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { Cache, Cacheable, CacheDefaults, CacheEvict, CacheInfraModule, CachePut } from 'nestjs-cache-infra';
import { map, of, type Observable as Values, Observable } from 'rxjs';
import request from 'supertest';

import { testRedisUrl } from '../support/redis.js';

const Roles = (...roles: string[]): MethodDecorator => SetMetadata('roles', roles);
/** As Swagger does: below a name of its own, on the method. */
const ApiOperation = (summary: string): MethodDecorator => SetMetadata('swagger/apiOperation', { summary });
const Secured = (role: string): MethodDecorator => applyDecorators(Roles(role), UseGuards(RolesGuard));
const User = createParamDecorator((_: unknown, context: ExecutionContext) => {
  const { headers } = context.switchToHttp().getRequest<{ headers: Record<string, string | undefined> }>();
  return headers['x-user'] ?? 'nobody';
});

@Injectable()
class RolesGuard implements CanActivate {
  constructor(private readonly reflector: Reflector) {}
  canActivate(context: ExecutionContext): boolean {
    const roles = this.reflector.get<string[] | undefined>('roles', context.getHandler()) ?? [];
    const { headers } = context.switchToHttp().getRequest<{ headers: Record<string, string | undefined> }>();
    if (roles.includes(headers['x-role'] ?? '')) return true;
    throw new ForbiddenException(`needs ${roles.join()}`);
  }
}

@Injectable()
class Wrapping implements NestInterceptor {
  intercept(context: ExecutionContext, next: CallHandler): Values<unknown> {
    const handler = context.getHandler().name;
    return next.handle().pipe(map((data: unknown) => ({ handler, data })));
  }
}

@Injectable()
class Trim implements PipeTransform {
  transform(value: unknown): unknown {
    return typeof value === 'string' ? value.trim() : value;
  }
}

const hidden = Symbol('hidden');

abstract class Base {
  runs = 0;

  @Cacheable({ ttl: '1m' })
  async inherited(id: string): Promise<string> {
    return Promise.resolve(`${this.constructor.name} ${id} ${String(++this.runs)}`);
  }
}

@Injectable()
@CacheDefaults({ namespace: 'service', tags: ['service'] })
class Service extends Base {
  readonly #salt = 'salt';

  @Cacheable({ key: (id: string) => id })
  async own(id: string): Promise<string> {
    return Promise.resolve(`${this.#salted(id)} ${String(++this.runs)}`);
  }

  @Cacheable()
  async [hidden](id: string): Promise<string> {
    return Promise.resolve(`${id} ${String(++this.runs)}`);
  }

  @Cacheable()
  observable(id: string): Observable<string> {
    this.runs += 1;
    return of('first', `${id} ${String(this.runs)}`);
  }

  @Cacheable()
  async failing(): Promise<string> {
    this.runs += 1;
    return Promise.reject(new NotFoundException(`run ${String(this.runs)}`));
  }

  @CacheEvict({ tags: ['service'] })
  async forget(): Promise<void> {
    return Promise.resolve();
  }

  #salted(id: string): string {
    return `${this.#salt} ${id}`;
  }
}

@Injectable({ scope: Scope.REQUEST })
class PerRequest {
  static runs = 0;
  @Cacheable()
  async find(id: string): Promise<string> {
    return Promise.resolve(`request ${id} ${String(++PerRequest.runs)}`);
  }
}

@Injectable({ scope: Scope.TRANSIENT })
class PerUse {
  static runs = 0;
  @Cacheable()
  async find(id: string): Promise<string> {
    return Promise.resolve(`transient ${id} ${String(++PerUse.runs)}`);
  }
}

@Controller('things')
class Things {
  runs = 0;
  constructor(
    private readonly service: Service,
    private readonly perRequest: PerRequest,
    private readonly perUse: PerUse,
  ) {}

  @Get('service/:id')
  async all(@Param('id') id: string): Promise<object> {
    const { service } = this;
    return {
      inherited: await service.inherited(id),
      own: await service.own(id),
      hidden: await service[hidden](id),
      perRequest: await this.perRequest.find(id),
      perUse: await this.perUse.find(id),
    };
  }

  @Get('observable/:id')
  values(@Param('id') id: string): Observable<string> {
    return this.service.observable(id);
  }

  @Get('failing')
  async failing(): Promise<string> {
    return this.service.failing();
  }

  @Delete('service')
  @HttpCode(204)
  async forget(): Promise<void> {
    return this.service.forget();
  }
}

/** What Nest reads from a handler stands above the cache's decorator here. */
@Controller('above')
class Above {
  static runs = 0;

  @Get(':id')
  @Secured('admin')
  @UseInterceptors(Wrapping)
  @UsePipes(Trim)
  @Header('X-Above', 'yes')
  @HttpCode(203)
  @ApiOperation('find')
  @Cacheable({ key: (id: number, query: string, user: string) => `above:${user}:${String(id)}:${query}` })
  async find(
    @Param('id', ParseIntPipe) id: number,
    @Query('q') query: string,
    @User() user: string,
    @Headers('x-more') more: string,
  ): Promise<object> {
    return Promise.resolve({ id, query, user, more, run: ++Above.runs });
  }

  @Put(':id')
  @CachePut({ key: (id: string) => `above:nobody:${id}:` })
  @CacheEvict({ pattern: 'above:*' })
  async put(@Param('id') id: string, @Body() body: object): Promise<object> {
    return Promise.resolve({ id, body, run: ++Above.runs });
  }
}

/** And below it here. */
@Controller('below')
class Below {
  static runs = 0;

  @Cacheable({ key: (id: number, query: string, user: string) => `below:${user}:${String(id)}:${query}` })
  @Get(':id')
  @Secured('admin')
  @UseInterceptors(Wrapping)
  @UsePipes(Trim)
  @Header('X-Below', 'yes')
  @HttpCode(203)
  @ApiOperation('find')
  async find(
    @Param('id', ParseIntPipe) id: number,
    @Query('q') query: string,
    @User() user: string,
    @Headers('x-more') more: string,
  ): Promise<object> {
    return Promise.resolve({ id, query, user, more, run: ++Below.runs });
  }

  @CacheEvict({ pattern: 'below:*' })
  @CachePut({ key: (id: string) => `below:nobody:${id}:` })
  @Put(':id')
  async put(@Param('id') id: string, @Body() body: object): Promise<object> {
    return Promise.resolve({ id, body, run: ++Below.runs });
  }
}

const adapters = { Express: () => new ExpressAdapter(), Fastify: () => new FastifyAdapter() };
const matrix = (['Express', 'Fastify'] as const).flatMap((adapter) =>
  (['memory', 'Redis'] as const).map((tier) => [adapter, tier] as const),
);

describe.each(matrix)('the decorators on %s with %s (issue: shown by 1)', (adapter, tier) => {
  let app: INestApplication;
  let service: Service;
  beforeEach(async () => {
    for (const type of [PerRequest, PerUse, Above, Below]) type.runs = 0;
    const redis = tier === 'Redis' ? { redisUrl: testRedisUrl(), keyPrefix: `test-${randomUUID()}` } : {};
    const module = await Test.createTestingModule({
      imports: [CacheInfraModule.forRoot(redis)],
      controllers: [Things, Above, Below],
      providers: [Service, PerRequest, PerUse, RolesGuard],
    }).compile();
    app = module.createNestApplication(adapters[adapter]());
    await app.init();
    if (adapter === 'Fastify')
      await (app.getHttpAdapter().getInstance() as { ready(): Promise<void> }).ready();
    service = app.get(Service);
  });
  afterEach(async () => {
    await app.get(Cache).clear();
    await app.close();
  });

  const ask = (path: string, headers: Record<string, string> = {}) =>
    request(app.getHttpServer() as never)
      .get(path)
      .set(headers);

  it('cache methods of any scope, inherited ones, private fields, symbols', async () => {
    const first = (await ask('/things/service/a')).body as object;

    expect(first).toEqual({
      inherited: 'Service a 1',
      own: 'salt a 2',
      hidden: 'a 3',
      perRequest: 'request a 1',
      perUse: 'transient a 1',
    });
    expect((await ask('/things/service/a')).body).toEqual(first);
    expect((await ask('/things/service/b')).body).toMatchObject({ inherited: 'Service b 4' });
  });

  it('@CacheDefaults: tags and namespace of the class, and eviction by them', async () => {
    await ask('/things/service/a');
    expect(await app.get(Cache).namespace('service').get('a')).toBe('salt a 2');

    await request(app.getHttpServer() as never).delete('/things/service');

    expect((await ask('/things/service/a')).body).toMatchObject({ own: 'salt a 5', perUse: 'transient a 1' });
  });

  it('cache the value that an Observable completes with', async () => {
    expect([(await ask('/things/observable/a')).text, (await ask('/things/observable/a')).text]).toEqual([
      'a 1',
      'a 1',
    ]);
  });

  it('a method that throws runs once for each call, and its exception is passed on unchanged', async () => {
    const answers = [await ask('/things/failing'), await ask('/things/failing')];

    expect(answers.map(({ status, body }) => [status, (body as { message: string }).message])).toEqual([
      [404, 'run 1'],
      [404, 'run 2'],
    ]);
    expect(service.runs).toBe(2);
  });

  describe.each([
    ['above', Above],
    ['below', Below],
  ] as const)('what Nest reads of a handler, %s the cache’s decorator', (name, type) => {
    it('guards see roles, on a hit too', async () => {
      expect((await ask(`/${name}/1?q=x`)).body).toMatchObject({ message: 'needs admin' });
      await ask(`/${name}/1?q=x`, { 'X-Role': 'admin' });
      expect((await ask(`/${name}/1?q=x`)).status).toBe(403);
    });

    it('pipes, parameter decorators, interceptors, headers and statuses work, on a hit too', async () => {
      const headers = { 'X-Role': 'admin', 'X-User': 'u', 'X-More': 'm' };
      for (let i = 0; i < 2; i++) {
        const answer = await ask(`/${name}/7?q=%20x%20`, headers);
        expect(answer.body).toEqual({
          handler: 'find',
          data: { id: 7, query: 'x', user: 'u', more: 'm', run: 1 },
        });
        expect([answer.status, answer.headers[`x-${name}`]]).toEqual([203, 'yes']);
      }
      expect((await ask(`/${name}/seven`, headers)).status).toBe(400);
    });

    it('two decorators take effect in either order', async () => {
      const headers = { 'X-Role': 'admin' };
      await ask(`/${name}/7?q=x`, headers);

      await request(app.getHttpServer() as never)
        .put(`/${name}/8`)
        .send({ a: 1 });

      expect((await ask(`/${name}/7?q=x`, headers)).body).toMatchObject({ data: { run: 3 } });
    });

    it('Swagger and reflection find their metadata', () => {
      const { find } = type.prototype;
      expect(Reflect.getMetadata('swagger/apiOperation', find)).toEqual({ summary: 'find' });
      expect(Reflect.getMetadata('design:paramtypes', type.prototype, 'find')).toEqual([
        Number,
        String,
        String,
        String,
      ]);
      expect(Reflect.getMetadata('design:returntype', type.prototype, 'find')).toBe(Promise);
      expect(Object.keys(Reflect.getMetadata('__routeArguments__', type, 'find') as object)).toHaveLength(4);
    });
  });
});
