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
 * The `CacheInterceptor` of `@nestjs/cache-manager`: answers of GET requests are cached under the URL, or under what `@CacheKey`
 * says, and marked with `X-Cache: HIT` or `MISS`.
 *
 * By URL alone: whoever asks gets the answer that somebody else was given. For answers that depend on the user, use `trackBy` in a
 * class of your own, or `HttpCacheInterceptor`, which keeps to HTTP's rules.
 */
@Injectable()
export class CacheInterceptor implements NestInterceptor {
  @Optional()
  @Inject(HttpAdapterHost)
  // Nest injects it. Where an application context has no HTTP adapter, it stays away whatever the type of the original says.
  protected readonly httpAdapterHost!: HttpAdapterHost;

  protected allowedMethods = ['GET'];

  constructor(
    @Inject(CACHE_MANAGER) protected readonly cacheManager: Cache,
    @Inject(Reflector) protected readonly reflector: Reflector,
  ) {}

  async intercept(context: ExecutionContext, next: CallHandler): Promise<Observable<unknown>> {
    const key = await this.trackBy(context);
    if (key === undefined || key === '') return next.handle();
    let ttl: number | undefined;
    try {
      const value = await this.cacheManager.get(key);
      this.setHeadersWhenHttp(context, value);
      if (value !== undefined) return of(value);
      ttl = await ttlOf(context, this.reflector);
    } catch {
      return next.handle();
    }
    // The answer waits for its own storing: who asks next finds it.
    return next.handle().pipe(
      concatMap(async (response: unknown) => {
        await store(this.cacheManager, { key, response, ttl });
        return response;
      }),
    );
  }

  /** The key of the call; `undefined` = it is not cached. For subclasses. */
  protected trackBy(context: ExecutionContext): string | undefined | Promise<string | undefined> {
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

  /** For subclasses. */
  protected isRequestCacheable(context: ExecutionContext): boolean {
    const { method } = context.switchToHttp().getRequest<{ method: string }>();
    return this.allowedMethods.includes(method);
  }

  /** For subclasses. */
  protected setHeadersWhenHttp(context: ExecutionContext, value: unknown): void {
    // In a hybrid application, messages have no response to set headers on.
    if (context.getType() !== 'http') return;
    const response = context.switchToHttp().getResponse<unknown>();
    adapterOf(this.httpAdapterHost)?.setHeader(response, 'X-Cache', value === undefined ? 'MISS' : 'HIT');
  }
}

/** None in an application without HTTP, and in an interceptor that a test made with `new`. */
function adapterOf(host: HttpAdapterHost | undefined): HttpAdapterHost['httpAdapter'] | undefined {
  return host?.httpAdapter;
}

// Functions, and not methods: a subclass may have members of any name.

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
    // Neither the key nor the value: both may be of a user.
    Logger.error(
      'The response could not be cached',
      error instanceof Error ? error.stack : undefined,
      'CacheInterceptor',
    );
  }
}
