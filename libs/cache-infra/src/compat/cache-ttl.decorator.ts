import { SetMetadata, type CustomDecorator, type ExecutionContext } from '@nestjs/common';

import { CACHE_TTL_METADATA } from './constants.js';

/** MILLISECONDS, made for a call. */
export type CacheTTLFactory = (context: ExecutionContext) => number | Promise<number>;

/**
 * How long {@link CacheInterceptor} caches the answers of a handler, or of all handlers of a class: in MILLISECONDS, as in
 * `@nestjs/cache-manager`. (Everywhere else in this library numbers are seconds.) 0 = they never expire.
 *
 * ```ts
 * @CacheTTL(5000) // five seconds
 * ```
 */
export const CacheTTL = (ttl: number | CacheTTLFactory): CustomDecorator =>
  SetMetadata(CACHE_TTL_METADATA, ttl);
