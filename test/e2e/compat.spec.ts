import {
  Body,
  Controller,
  Get,
  Head,
  Header,
  Inject,
  Injectable,
  Module,
  Post,
  StreamableFile,
  UseInterceptors,
  type DynamicModule,
  type ExecutionContext,
  type INestApplication,
  type Type,
} from '@nestjs/common';
import * as theirs from '@nestjs/cache-manager';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { InMemoryCache, RedisCache, type Cache } from 'nestjs-cache-infra';
import * as ours from 'nestjs-cache-infra/compat';
import { KeyvCacheStore } from 'nestjs-cache-infra/keyv';
import request from 'supertest';

import { fakeDate } from '../support/only-date.js';
import { redisForSuite } from '../support/redis.js';

const { url, prefix } = redisForSuite();
/** The tests put the date forward. */
const clock = { now: () => Date.now() };
let suites = 0;

const homes: [string, () => Cache][] = [
  ['in memory', () => new InMemoryCache({ advanced: { clock } })],
  [
    'on Redis',
    () =>
      new RedisCache({
        redisUrl: url,
        keyPrefix: `${prefix}.${String(suites++)}`,
        commandTimeout: '5s',
        advanced: { clock },
      }),
  ],
];
const libraries: [string, typeof ours, (cache: Cache, ttl?: number) => DynamicModule][] = [
  ['nestjs-cache-infra/compat', ours, (cache, ttl) => ours.CacheModule.register({ cache, ttl })],
  [
    '@nestjs/cache-manager 12 on a KeyvCacheStore',
    theirs as unknown as typeof ours,
    (cache, ttl) => theirs.CacheModule.register({ stores: [new KeyvCacheStore(cache)], ttl } as object),
  ],
];
const platforms: [string, () => Promise<(module: Type) => Promise<INestApplication>>][] = [
  [
    'Express',
    async () => async (module) =>
      (await Test.createTestingModule({ imports: [module] }).compile()).createNestApplication(),
  ],
  [
    'Fastify',
    async () => async (module) =>
      (
        await Test.createTestingModule({ imports: [module] }).compile()
      ).createNestApplication<NestFastifyApplication>(new FastifyAdapter()),
  ],
];

const matrix = platforms.flatMap(([platform, create]) =>
  homes.flatMap(([home, makeCache]) =>
    libraries.map(([name, library, moduleOf]) => ({
      title: `${platform}, ${home}, ${name}`,
      ...{ create, makeCache, library, moduleOf },
    })),
  ),
);

/** The README and the tests of @nestjs/cache-manager 12, written anew (issue: shown by 2). */
describe.each(matrix)('$title', ({ create, makeCache, library, moduleOf }) => {
  const { CacheInterceptor, CacheKey, CacheTTL, CACHE_MANAGER } = library;
  let date: ReturnType<typeof fakeDate>;
  let app: INestApplication | undefined;
  let cache: Cache;
  beforeEach(() => {
    date = fakeDate();
    cache = makeCache();
  });
  afterEach(async () => {
    await app?.close();
    app = undefined;
    await cache.close();
    date.restore();
  });

  async function start(controller: Type, ttl?: number, providers: Type[] = []) {
    @Module({ imports: [moduleOf(cache, ttl)], controllers: [controller], providers })
    class AppModule {}
    app = await (await create())(AppModule);
    await app.init();
    const instance: unknown = app.getHttpAdapter().getInstance();
    if (typeof instance === 'object' && instance !== null && 'ready' in instance) {
      await (instance as { ready(): Promise<unknown> }).ready();
    }
    return request(app.getHttpServer() as never);
  }
  /** The answer is stored behind the response in theirs. */
  const settled = () => new Promise((resolve) => setTimeout(resolve, 30));

  it('answers the second request from the cache, with its header', async () => {
    let calls = 0;
    @Controller()
    @UseInterceptors(CacheInterceptor)
    class CallsController {
      @Get('calls')
      calls() {
        return { calls: ++calls };
      }
    }
    const http = await start(CallsController);

    await http.get('/calls').expect(200, { calls: 1 }).expect('X-Cache', 'MISS');
    await settled();
    await http.get('/calls').expect(200, { calls: 1 }).expect('X-Cache', 'HIT');
    await http.get('/calls?page=2').expect(200, { calls: 2 });
  });

  it('caches GET alone', async () => {
    let calls = 0;
    @Controller()
    @UseInterceptors(CacheInterceptor)
    class PostController {
      @Post('calls')
      calls(@Body() _body: unknown) {
        return { calls: ++calls };
      }
    }
    const http = await start(PostController);

    await http.post('/calls').expect(201, { calls: 1 });
    await settled();
    await http.post('/calls').expect(201, { calls: 2 });
  });

  it('@CacheTTL is in milliseconds: of the handler, else of the class, else the default', async () => {
    let calls = 0;
    @Controller()
    @UseInterceptors(CacheInterceptor)
    @CacheTTL(1000)
    class TtlController {
      @Get('class')
      ofClass() {
        return { calls: ++calls };
      }
      @Get('method')
      @CacheTTL(300)
      ofMethod() {
        return { calls: ++calls };
      }
      @Get('factory')
      @CacheTTL(() => 300)
      fromFactory() {
        return { calls: ++calls };
      }
    }
    const http = await start(TtlController, 60_000);
    const get = async (path: string) => ((await http.get(path).expect(200)).body as { calls: number }).calls;

    const first = [await get('/class'), await get('/method'), await get('/factory')];
    await settled();
    date.advance(500);
    expect(await get('/class')).toBe(first[0]);
    expect(await get('/method')).not.toBe(first[1]);
    expect(await get('/factory')).not.toBe(first[2]);
    date.advance(600);
    expect(await get('/class')).not.toBe(first[0]);
  });

  it('the ttl of the module is in milliseconds', async () => {
    let calls = 0;
    @Controller()
    @UseInterceptors(CacheInterceptor)
    class DefaultTtlController {
      @Get()
      calls() {
        return { calls: ++calls };
      }
    }
    const http = await start(DefaultTtlController, 500);

    await http.get('/').expect({ calls: 1 });
    await settled();
    date.advance(400);
    await http.get('/').expect({ calls: 1 });
    date.advance(200);
    await http.get('/').expect({ calls: 2 });
  });

  it('@CacheKey is the key, or a function that returns it', async () => {
    let calls = 0;
    @Controller()
    @UseInterceptors(CacheInterceptor)
    class KeyController {
      constructor(@Inject(CACHE_MANAGER) private readonly manager: ours.Cache) {}
      @Get('fixed')
      @CacheKey('fixed-key')
      fixed() {
        return { calls: ++calls };
      }
      @Get('made')
      @CacheKey((context: ExecutionContext) => {
        const { query } = context.switchToHttp().getRequest<{ query: { id: string } }>();
        return `made:${query.id}`;
      })
      made() {
        return { calls: ++calls };
      }
      @Get('stored')
      async stored() {
        return { stored: [await this.manager.get('fixed-key'), await this.manager.get('made:7')] };
      }
    }
    const http = await start(KeyController);

    await http.get('/fixed?any=1').expect({ calls: 1 });
    await settled();
    await http.get('/fixed?any=2').expect({ calls: 1 });
    await http.get('/made?id=7&noise=1').expect({ calls: 2 });
    await settled();
    await http.get('/made?id=7&noise=2').expect({ calls: 2 });
    await http.get('/stored?now').expect({ stored: [{ calls: 1 }, { calls: 2 }] });
  });

  it('CACHE_MANAGER and Cache are injected', async () => {
    @Injectable()
    class Values {
      constructor(
        @Inject(CACHE_MANAGER) readonly byToken: ours.Cache,
        @Inject(library.Cache) readonly byClass: ours.Cache,
      ) {}
    }
    @Controller()
    class ValuesController {
      constructor(@Inject(Values) private readonly values: Values) {}
      @Get()
      async value() {
        const { byToken, byClass } = this.values;
        const missing = await byToken.get('key');
        await byToken.set('key', 'value', 1000);
        const seen = await byClass.get('key');
        await byClass.del('key');
        return { missing: missing === undefined, seen, after: (await byToken.get('key')) === undefined };
      }
    }
    const http = await start(ValuesController, undefined, [Values]);

    await http.get('/').expect({ missing: true, seen: 'value', after: true });
  });

  it('a subclass can choose the key', async () => {
    let calls = 0;
    @Injectable()
    class ByUser extends CacheInterceptor {
      protected override trackBy(context: ExecutionContext): string | undefined {
        const { headers } = context.switchToHttp().getRequest<{ headers: Record<string, string> }>();
        return headers['x-user'];
      }
    }
    @Controller()
    @UseInterceptors(ByUser)
    class UserController {
      @Get()
      calls() {
        return { calls: ++calls };
      }
    }
    const http = await start(UserController);

    await http.get('/').set('x-user', 'a').expect({ calls: 1 });
    await http.get('/').set('x-user', 'b').expect({ calls: 2 });
    await settled();
    await http.get('/').set('x-user', 'a').expect({ calls: 1 });
    await http.get('/').expect({ calls: 3 });
    await http.get('/').expect({ calls: 4 });
  });

  it('files are streamed, and not cached', async () => {
    let calls = 0;
    @Controller()
    @UseInterceptors(CacheInterceptor)
    class FileController {
      @Get('file')
      @Header('Content-Type', 'text/plain')
      file() {
        calls += 1;
        return new StreamableFile(Buffer.from(`file ${String(calls)}`));
      }
    }
    const http = await start(FileController);

    expect((await http.get('/file').expect(200)).text).toBe('file 1');
    await settled();
    expect((await http.get('/file').expect(200)).text).toBe('file 2');
  });

  it('HEAD is not cached', async () => {
    let calls = 0;
    @Controller()
    @UseInterceptors(CacheInterceptor)
    class HeadController {
      @Head('calls')
      calls() {
        calls += 1;
      }
    }
    const http = await start(HeadController);

    await http.head('/calls').expect(200);
    await settled();
    await http.head('/calls').expect(200);
    expect(calls).toBe(2);
  });

  it('a handler that throws runs again for the next request', async () => {
    let calls = 0;
    @Controller()
    @UseInterceptors(CacheInterceptor)
    class FailingController {
      @Get()
      calls() {
        calls += 1;
        if (calls === 1) throw new Error('failed');
        return { calls };
      }
    }
    const http = await start(FailingController);
    app?.useLogger(false);

    await http.get('/').expect(500);
    await http.get('/').expect(200, { calls: 2 });
  });
});
