import { SetMetadata, type CustomDecorator, type ExecutionContext } from '@nestjs/common';

import { CACHE_KEY_METADATA } from './constants.js';

/** Returns the key of a call; `undefined` = the call is not cached. */
export type CacheKeyFactory = (context: ExecutionContext) => string | undefined | Promise<string | undefined>;

/**
 * The key of a handler's response in {@link CacheInterceptor}, or a function that returns it. Default: the URL of the
 * request. Without a URL (messages, WebSockets, GraphQL) nothing is cached.
 */
export const CacheKey = (key: string | CacheKeyFactory): CustomDecorator =>
  SetMetadata(CACHE_KEY_METADATA, key);
