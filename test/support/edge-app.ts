import { randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';

import {
  Controller,
  Get,
  Header,
  Injectable,
  NotFoundException,
  Param,
  Put,
  Req,
  Res,
  StreamableFile,
  type INestApplication,
} from '@nestjs/common';
import { APP_INTERCEPTOR } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { CacheEvict, CacheInfraModule, HttpCache, HttpCacheInterceptor } from 'nestjs-cache-infra';
import { CdnModule, cloudflarePurge, type CdnModuleOptions } from 'nestjs-cache-infra/cdn';

import type { AdapterName, AppRequest, Reply } from './http-cache-app.js';

class Lamp {
  readonly name = 'Lamp';
}

@Controller('shop')
export class ShopController {
  @Get('products/:id')
  @HttpCache({ ttl: '1m', tags: ['products', 'Product:1'] })
  find(@Param('id') id: string): object {
    if (id === 'none') throw new NotFoundException();
    return { id };
  }

  @Get('shared')
  @Header('Cache-Control', 'public, s-maxage=60')
  @HttpCache({ tags: ['shared'] })
  shared(): object {
    return { at: randomUUID() };
  }

  @Get('private')
  @Header('Cache-Control', 'private, max-age=60')
  @HttpCache({ tags: ['mine'] })
  mine(): object {
    return {};
  }

  @Get('cookie')
  @HttpCache({ tags: ['mine'], shared: true })
  cookie(@Res({ passthrough: true }) reply: Reply): object {
    reply.header('Set-Cookie', 'a=b');
    return {};
  }

  @Get('own')
  @HttpCache({ tags: ['ours'], headers: [] })
  own(@Res({ passthrough: true }) reply: Reply): object {
    reply.header('Cache-Tag', 'theirs, more');
    return {};
  }

  @Get('opted-out')
  @HttpCache({ tags: ['products'], edgeTags: false })
  optedOut(): object {
    return {};
  }

  @Get('missing')
  @HttpCache({ tags: ['missing'], statuses: [404] })
  missing(): never {
    throw new NotFoundException();
  }

  @Get('stream')
  @HttpCache({ tags: ['file'] })
  stream(): StreamableFile {
    return new StreamableFile(Readable.from(['text']));
  }

  @Get('instances')
  @HttpCache({ tags: ['lamps'] })
  instances(): Lamp {
    return new Lamp();
  }

  @Get('undecorated')
  @Header('Cache-Control', 'max-age=60')
  undecorated(): object {
    return {};
  }

  @Get('many')
  @HttpCache({ tags: Array.from({ length: 60 }, (_, i) => `tag-${String(i)}`) })
  many(): object {
    return {};
  }

  @Get('broken-tags')
  @HttpCache({
    tags: () => {
      throw new Error('no tags today');
    },
  })
  brokenTags(@Req() request: AppRequest): object {
    return { url: request.url };
  }

  @Put('products/:id')
  @CacheEvict({ tags: ['products'] })
  async rename(): Promise<void> {
    return Promise.resolve();
  }
}

export interface EdgeAppOptions extends CdnModuleOptions {
  readonly adapter: AdapterName;
  /** The URL of the stub of Cloudflare. */
  readonly cdn?: string;
  readonly cache?: object;
  readonly prepare?: (app: INestApplication) => void;
}

@Injectable()
class Secrets {
  readonly apiToken = 'token-that-stays-secret';
}

/** An application behind a CDN, whose options a provider makes. */
export async function edgeApp({ adapter, cdn, cache = {}, prepare, ...options }: EdgeAppOptions): Promise<{
  readonly app: INestApplication;
  readonly url: string;
}> {
  const module = await Test.createTestingModule({
    imports: [
      CacheInfraModule.forRoot(cache),
      CdnModule.forRootAsync({
        provideInjectionTokensFrom: [Secrets],
        inject: [Secrets],
        useFactory: ({ apiToken }: Secrets) => ({
          ...(cdn === undefined
            ? {}
            : { purge: cloudflarePurge({ zoneId: 'zone', apiToken, baseUrl: cdn }) }),
          repeatAfter: 0,
          ...options,
        }),
      }),
    ],
    controllers: [ShopController],
    providers: [{ provide: APP_INTERCEPTOR, useExisting: HttpCacheInterceptor }],
  }).compile();
  const app = module.createNestApplication(
    adapter === 'Express' ? new ExpressAdapter() : new FastifyAdapter(),
    { logger: false },
  );
  prepare?.(app);
  await app.listen(0, '127.0.0.1');
  return { app, url: await app.getUrl() };
}
