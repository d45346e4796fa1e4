import {
  Inject,
  Injectable,
  Logger,
  Optional,
  StreamableFile,
  type CallHandler,
  type ExecutionContext,
  type NestInterceptor,
} from '@nestjs/common';
import { HttpAdapterHost, Reflector } from '@nestjs/core';
import { concatMap, of, type Observable } from 'rxjs';

import type { CacheKeyFactory } from './cache-key.decorator.js';
import { Cache } from './cache-manager.types.js';
import type { CacheTTLFactory } from './cache-ttl.decorator.js';
import { CACHE_KEY_METADATA, CACHE_MANAGER, CACHE_TTL_METADATA } from './constants.js';

/**
 * The `CacheInterceptor` of `@nestjs/cache-manager`: caches responses to GET under the URL, or under the key of
 * `@CacheKey`, and sets `X-Cache: HIT` or `MISS`.
 *
 * The key is the URL alone, so every user receives the same response. For responses that depend on the user, override
 * `trackBy` in a subclass, or use `HttpCacheInterceptor`, which follows the HTTP caching rules.
 */
@Injectable()
export class CacheInterceptor implements NestInterceptor {
  @Optional()
  @Inject(HttpAdapterHost)
  // Nest injects this property. In an application context without an HTTP adapter it stays undefined, despite its type.
  protected readonly httpAdapterHost!: HttpAdapterHost;

  protected allowedMethods = ['GET'];

  constructor(
    @Inject(CACHE_MANAGER) protected readonly cacheManager: Cache,
    @Inject(Reflector) protected readonly reflector: Reflector,
  ) {}

  async intercept(context: ExecutionContext, next: CallHandler): Promise<Observable<unknown>> {
    const key = await this.trackBy(context);
    if (key === undefined || key === null || key === '') return next.handle();
    let ttl: number | undefined;
    try {
      const value = await this.cacheManager.get(key);
      this.setHeadersWhenHttp(context, value);
      if (value !== undefined) return of(value);
      ttl = await ttlOf(context, this.reflector);
    } catch {
      return next.handle();
    }
    // Wait for the entry to be stored: the next request finds it.
    return next.handle().pipe(
      concatMap(async (response: unknown) => {
        await store(this.cacheManager, { key, response, ttl });
        return response;
      }),
    );
  }

  /** The key of the call; `undefined` or null = the call is not cached. Subclasses may override this method. */
  protected trackBy(
    context: ExecutionContext,
  ): string | undefined | null | Promise<string | undefined | null> {
    const key = this.reflector.get<string | CacheKeyFactory | undefined>(
      CACHE_KEY_METADATA,
      context.getHandler(),
    );
    if (typeof key === 'function') return key(context);
    if (key !== undefined && key !== '') return key;
    const httpAdapter = adapterOf(this.httpAdapterHost);
    if (context.getType() !== 'http' || httpAdapter === undefined) return undefined;
    if (!this.isRequestCacheable(context)) return undefined;
    return String(httpAdapter.getRequestUrl(context.getArgByIndex(0)));
  }

  /** Subclasses may override this method. */
  protected isRequestCacheable(context: ExecutionContext): boolean {
    const { method } = context.switchToHttp().getRequest<{ method: string }>();
    return this.allowedMethods.includes(method);
  }

  /** Subclasses may override this method. */
  protected setHeadersWhenHttp(context: ExecutionContext, value: unknown): void {
    // In a hybrid application, messages have no response headers.
    if (context.getType() !== 'http') return;
    const response = context.switchToHttp().getResponse<unknown>();
    adapterOf(this.httpAdapterHost)?.setHeader(response, 'X-Cache', value === undefined ? 'MISS' : 'HIT');
  }
}

/** The HTTP adapter; undefined without HTTP, and in an interceptor created with `new` in a test. */
function adapterOf(host: HttpAdapterHost | undefined): HttpAdapterHost['httpAdapter'] | undefined {
  return host?.httpAdapter;
}

// These are functions, not methods, because a subclass may have members of any name.

async function ttlOf(context: ExecutionContext, reflector: Reflector): Promise<number | undefined> {
  const ttl = reflector.getAllAndOverride<number | CacheTTLFactory | undefined>(CACHE_TTL_METADATA, [
    context.getHandler(),
    context.getClass(),
  ]);
  return typeof ttl === 'function' ? ttl(context) : ttl;
}

interface Answer {
  readonly key: string;
  readonly response: unknown;
  readonly ttl: number | undefined;
}

async function store(cache: Cache, { key, response, ttl }: Answer): Promise<void> {
  if (response === undefined || response instanceof StreamableFile) return;
  try {
    await cache.set(key, response, ttl);
  } catch (error) {
    // Log neither the key nor the value: both may contain user data.
    Logger.error(
      'The response could not be cached',
      error instanceof Error ? error.stack : undefined,
      'CacheInterceptor',
    );
  }
}
