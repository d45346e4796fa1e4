/**
 * An application on @nestjs/cache-manager. `compat-import.spec.ts` runs it as it stands here, and again with the name
 * of the imported package changed.
 */
import {
  CACHE_MANAGER,
  Cache,
  CacheInterceptor,
  CacheKey,
  CacheModule,
  CacheTTL,
} from '@nestjs/cache-manager';
import {
  Controller,
  Get,
  Inject,
  Injectable,
  Logger,
  Module,
  UseInterceptors,
  type ExecutionContext,
} from '@nestjs/common';

/** Caches GET requests by their URL, some paths excepted. */
@Injectable()
export class UrlInterceptor extends CacheInterceptor {
  static readonly uncached: readonly string[] = ['/forecasts/now'];

  override trackBy(context: ExecutionContext): string | undefined {
    const request: object = context.switchToHttp().getRequest();
    const { httpAdapter } = this.httpAdapterHost;
    const url = String(httpAdapter.getRequestUrl(request));
    if (httpAdapter.getRequestMethod(request) !== 'GET') return undefined;
    return UrlInterceptor.uncached.includes(url) ? undefined : url;
  }
}

@Controller('stations')
@UseInterceptors(CacheInterceptor)
export class StationsController {
  #calls = 0;

  @Get()
  all(): object {
    return { stations: ['Brocken'], calls: ++this.#calls };
  }

  @Get('first')
  @CacheKey('first-station')
  @CacheTTL(30_000)
  first(): object {
    return { station: 'Brocken', calls: ++this.#calls };
  }
}

@Controller('forecasts')
@UseInterceptors(UrlInterceptor)
export class ForecastsController {
  #calls = 0;

  @Get('week')
  week(): object {
    return { calls: ++this.#calls };
  }

  @Get('now')
  now(): object {
    return { calls: ++this.#calls };
  }
}

/** Texts under keys that begin with their owner: an owner's reports are found by their keys. */
@Injectable()
export class Reports {
  readonly #logger = new Logger(Reports.name);

  constructor(@Inject(CACHE_MANAGER) private readonly cache: Cache) {
    this.cache.stores[0]?.on('error', (error: unknown) => {
      this.#logger.error(error);
    });
  }

  static keyOf(owner: string, name = ''): string {
    return `report/${owner}/${name}`;
  }

  async save(owner: string, name: string, text: string, ttl?: number): Promise<string> {
    return this.cache.set(Reports.keyOf(owner, name), text, ttl ?? 60_000);
  }

  async find(owner: string, name: string): Promise<string | undefined> {
    return this.cache.get<string>(Reports.keyOf(owner, name));
  }

  async keys(prefix = ''): Promise<string[]> {
    const found: string[] = [];
    for (const store of this.cache.stores) {
      const entries: AsyncIterable<[string, unknown]> | undefined = store.iterator?.({});
      if (entries === undefined) continue;
      for await (const [key] of entries) if (key.startsWith(prefix)) found.push(key);
    }
    return found.sort();
  }

  /** As {@link keys}, for an application that needs no values: their texts stay unread. */
  async rawKeys(): Promise<string[]> {
    for (const store of this.cache.stores) store.deserialize = undefined;
    return this.keys();
  }

  async removeAllOf(owner: string): Promise<boolean> {
    return this.cache.mdel(await this.keys(Reports.keyOf(owner)));
  }

  async remove(owner: string, name: string): Promise<boolean> {
    return this.cache.del(Reports.keyOf(owner, name));
  }

  async reset(): Promise<boolean> {
    return this.cache.clear();
  }
}

@Module({
  imports: [CacheModule.register()],
  controllers: [StationsController, ForecastsController],
  providers: [Reports],
})
export class AppModule {}
