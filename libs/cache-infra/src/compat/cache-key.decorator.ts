import { SetMetadata, type CustomDecorator, type ExecutionContext } from '@nestjs/common';

import { CACHE_KEY_METADATA } from './constants.js';

/** Makes the key of a call; `undefined` = the call is not cached. */
export type CacheKeyFactory = (context: ExecutionContext) => string | undefined | Promise<string | undefined>;

/**
 * The key under which {@link CacheInterceptor} caches the handler's answer, or a function that makes it. Without it, the URL of the
 * request is the key; where there is no URL (messages, WebSockets, GraphQL) nothing is cached without it.
 */
export const CacheKey = (key: string | CacheKeyFactory): CustomDecorator =>
  SetMetadata(CACHE_KEY_METADATA, key);
