import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import {
  All,
  Controller,
  Get,
  Injectable,
  Logger,
  Post,
  Put,
  Redirect,
  Res,
  UseInterceptors,
  type INestApplication,
  type ModuleMetadata,
} from '@nestjs/common';
import { APP_INTERCEPTOR } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import {
  Cacheable,
  CacheEvict,
  CacheInfraModule,
  CachePut,
  HttpCache,
  HttpCacheInterceptor,
} from 'nestjs-cache-infra';

let app: INestApplication | undefined;
let warnings: string[];
beforeEach(() => {
  warnings = [];
  jest.spyOn(Logger.prototype, 'warn').mockImplementation((message: unknown) => {
    warnings.push(String(message));
  });
});
afterEach(async () => {
  jest.restoreAllMocks();
  await app?.close();
  app = undefined;
});

async function boot(metadata: ModuleMetadata, prepare?: (app: INestApplication) => void): Promise<void> {
  const module = await Test.createTestingModule(metadata).compile();
  app = module.createNestApplication();
  prepare?.(app);
  await app.init();
}

/** As JavaScript lets one write it. */
function applied(decorator: unknown, target: object, name: string): void {
  const descriptor = Object.getOwnPropertyDescriptor(target, name);
  (decorator as (...given: unknown[]) => unknown)(target, name, descriptor);
}

class Plain {
  async find(): Promise<number> {
    return Promise.resolve(1);
  }
}

describe('a module that is imported the wrong way', () => {
  it('without forRoot: the error says what to write', async () => {
    await expect(boot({ imports: [CacheInfraModule] })).rejects.toThrow(
      'CacheInfraModule: a bare import creates no cache: write CacheInfraModule.forRoot() once in the application; other modules need no import',
    );
  });

  it.each([() => ({}), null, 'redis://127.0.0.1', 60, []])(
    'forRoot(%p): the error asks for options',
    (options) => {
      expect(() => CacheInfraModule.forRoot(options as object)).toThrow(
        /^CacheInfraModule: options must be an object, got /,
      );
    },
  );

  it('forRoot with a function: the error names the method that accepts one', () => {
    expect(() => CacheInfraModule.forRoot((() => ({})) as object)).toThrow(
      'options must be an object, got a function: pass it to forRootAsync({ useFactory })',
    );
  });

  it.each([undefined, null, 'redis://127.0.0.1', true])(
    'forRootAsync with a factory that returns %p: the error says what the factory must return',
    async (options) => {
      const useFactory = () => options as never;

      await expect(boot({ imports: [CacheInfraModule.forRootAsync({ useFactory })] })).rejects.toThrow(
        /^CacheInfraModule: useFactory \(or createCacheOptions\(\)\) must return an options object, got /,
      );
    },
  );

  it('forAiAsync with such a factory: the same error', async () => {
    const useFactory = () => undefined as never;

    await expect(boot({ imports: [CacheInfraModule.forAiAsync({ useFactory })] })).rejects.toThrow(
      'must return an options object, got undefined',
    );
  });
});

describe('a decorator that is used the wrong way', () => {
  it.each([
    ['@Cacheable', Cacheable],
    ['@CachePut', CachePut],
    ['@CacheEvict', CacheEvict],
    ['@HttpCache', HttpCache],
  ])('%s without parentheses: the error says so', (name, decorator) => {
    expect(() => {
      applied(decorator, Plain.prototype, 'find');
    }).toThrow(`${name} on Plain.find needs parentheses: ${name}(`);
  });

  it.each([
    ['@Cacheable()', Cacheable()],
    ['@CachePut()', CachePut({ key: 'k' })],
    ['@CacheEvict()', CacheEvict({ key: 'k' })],
  ])('%s on a class: the error says where it belongs', (name, decorator) => {
    expect(() => Reflect.apply(decorator as () => void, undefined, [Plain])).toThrow(
      `${name} on Plain: the decorator belongs on a method; @CacheDefaults() sets the defaults of a class`,
    );
  });
});

@Injectable()
class Lookalikes {
  @Cacheable()
  async [Symbol('find')](): Promise<number> {
    return Promise.resolve(1);
  }

  @Cacheable()
  async [Symbol('find')](): Promise<number> {
    return Promise.resolve(2);
  }
}

describe('two methods whose default keys would be the same', () => {
  it('are reported when the application starts', async () => {
    await expect(boot({ imports: [CacheInfraModule.forRoot()], providers: [Lookalikes] })).rejects.toThrow(
      'Lookalikes.Symbol(find) is the default key of two methods: give @Cacheable() a key, or rename one',
    );
  });
});

@Controller('forgotten')
class ForgottenController {
  @Get()
  @HttpCache({ ttl: '1m' })
  list(): string {
    return 'list';
  }
}

@Controller('whole')
@HttpCache({ ttl: '1m' })
class WholeController {
  @Get()
  list(): string {
    return 'list';
  }
}

@Injectable()
class OwnInterceptor extends HttpCacheInterceptor {}

@Controller('bound')
class BoundController {
  @Get()
  @HttpCache()
  @UseInterceptors(OwnInterceptor)
  list(): string {
    return 'list';
  }

  @Get('out')
  @HttpCache(false)
  out(): string {
    return 'out';
  }
}

describe('@HttpCache() where no HttpCacheInterceptor is bound', () => {
  const imports = [CacheInfraModule.forRoot()];

  it('is reported when the application starts, all routes at once', async () => {
    await boot({ imports, controllers: [ForgottenController, WholeController, BoundController] });

    expect(warnings).toEqual([
      '@HttpCache() of ForgottenController.list and WholeController has no effect: bind HttpCacheInterceptor with { provide: APP_INTERCEPTOR, useExisting: HttpCacheInterceptor } or @UseInterceptors(HttpCacheInterceptor)',
    ]);
  });

  it.each(['useExisting', 'useClass'])('is not reported with APP_INTERCEPTOR, %s', async (way) => {
    const provider = { provide: APP_INTERCEPTOR, [way]: HttpCacheInterceptor } as never;
    await boot({ imports, controllers: [ForgottenController], providers: [provider] });

    expect(warnings).toEqual([]);
  });

  it('is not reported with useGlobalInterceptors', async () => {
    await boot({ imports, controllers: [WholeController] }, (it) => {
      it.useGlobalInterceptors(it.get(HttpCacheInterceptor));
    });

    expect(warnings).toEqual([]);
  });
});

@Controller('misplaced')
class MisplacedController {
  @Get()
  @HttpCache({ ttl: '1m' })
  list(): string {
    return 'list';
  }

  @All('all')
  @HttpCache({ ttl: '1m' })
  all(): string {
    return 'all';
  }

  @Post()
  @HttpCache({ ttl: '1m' })
  create(): void {}

  @Put()
  @HttpCache({ invalidates: 'url' })
  change(): void {}

  @Put('both')
  @HttpCache({ invalidates: 'url', ttl: '1m' })
  both(): void {}

  @Get('scope')
  @HttpCache({ invalidates: 'url' })
  scope(): void {}

  @Get('own')
  @HttpCache()
  own(@Res() _response: unknown): void {}

  @Get('moved')
  @HttpCache()
  @Redirect('/')
  moved(): void {}

  @HttpCache()
  helper(): void {}
}

@Injectable()
class CachedService {
  @HttpCache()
  find(): void {}
}

describe('T81: @HttpCache() where it has no effect', () => {
  it('is reported when the application starts, with the reason', async () => {
    await boot({
      imports: [CacheInfraModule.forRoot()],
      controllers: [MisplacedController],
      providers: [CachedService, { provide: APP_INTERCEPTOR, useExisting: HttpCacheInterceptor }],
    });

    const own =
      'the route responds through @Res(), @Next(), @Sse(), @Render() or @Redirect(), and such responses are not stored';
    expect(warnings).toEqual([
      '@HttpCache() of MisplacedController.create: responses to POST are not stored, so the options have no effect',
      '@HttpCache() of MisplacedController.both: responses to PUT are not stored, so ttl has no effect',
      '@HttpCache() of MisplacedController.scope: invalidates applies only to unsafe methods (POST, PUT, PATCH, DELETE)',
      `@HttpCache() of MisplacedController.own: ${own}`,
      `@HttpCache() of MisplacedController.moved: ${own}`,
      '@HttpCache() of MisplacedController.helper: the method is not a route, so the options have no effect',
      '@HttpCache() of CachedService.find: the class is not a controller, so the options have no effect',
    ]);
  });
});
