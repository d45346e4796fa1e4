import { SetMetadata, type CustomDecorator, type ExecutionContext } from '@nestjs/common';

import { CACHE_TTL_METADATA } from './constants.js';

/** Returns the ttl of a call in MILLISECONDS. */
export type CacheTTLFactory = (context: ExecutionContext) => number | Promise<number>;

/**
 * The ttl of a handler's responses in {@link CacheInterceptor}, or of all handlers of a class, in MILLISECONDS, as in
 * `@nestjs/cache-manager`. (Everywhere else in this library numbers are seconds.) 0 = never expires.
 *
 * ```ts
 * @CacheTTL(5000) // five seconds
 * ```
 */
export const CacheTTL = (ttl: number | CacheTTLFactory): CustomDecorator =>
  SetMetadata(CACHE_TTL_METADATA, ttl);
