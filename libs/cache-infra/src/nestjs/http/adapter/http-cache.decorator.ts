import { SetMetadata, type ExecutionContext } from '@nestjs/common';

import {
  assertOptions,
  booleanValue,
  duration,
  functionValue,
  nonEmptyString,
  oneOf,
  type Check,
  type Checks,
} from '../../../base/checks.js';
import type { Ttl } from '../../../cache/contract/options.js';
import { assertParentheses } from '../../decorators/decorator-checks.js';

/** The caching options of a route. */
export interface HttpCacheOptions {
  /**
   * Lifetime of a response without `Cache-Control` or `Expires` of its own; those take precedence. `0` = 365 days.
   * Default: the cache's `defaultTtl`.
   */
  readonly ttl?: Ttl | undefined;
  /**
   * Tags of the response, or a function that returns them: `cache.invalidateTags()` and `@CacheEvict({ tags })`
   * invalidate the response.
   */
  readonly tags?: readonly string[] | ((context: ExecutionContext) => readonly string[]) | undefined;
  /** Names of request fields that select the response, added to its `Vary`. */
  readonly vary?: readonly string[] | undefined;
  /** The name of the cache. Default: the default cache. */
  readonly cache?: string | undefined;
  /**
   * True: one response for all users, regardless of `Authorization` and `Cookie`. Default false: each user has their
   * own, unless the response says `public` or `s-maxage`.
   */
  readonly shared?: boolean | undefined;
  /** How long a stale response is served while the handler revalidates it. Default 0. */
  readonly staleWhileRevalidate?: Ttl | undefined;
  /** How long a stale response is served when the handler fails. Default 0. */
  readonly staleIfError?: Ttl | undefined;
  /** Replaces the URL in the key. Default: scheme, host, path and sorted query. */
  readonly key?: ((context: ExecutionContext) => string) | undefined;
  /** False: the host is not part of the key. Default true. */
  readonly host?: boolean | undefined;
  /**
   * Statuses of 400 and above that may be stored, such as 404, returned or thrown as an `HttpException`. Default: none.
   */
  readonly statuses?: readonly number[] | undefined;
  /** The only response headers to store. Default: the headers that the handler set. */
  readonly headers?: readonly string[] | undefined;
  /** Response headers not to store. */
  readonly withoutHeaders?: readonly string[] | undefined;
  /**
   * True: responses with class instances are stored as their JSON, also where an outer interceptor, a hook or a
   * replacer then receives plain objects. Default false: such responses are not stored there. Has no effect with Nest's
   * own serializers, which select properties by class.
   */
  readonly plain?: boolean | undefined;
  /**
   * For routes with an unsafe method. `'path'`: a successful POST, PUT, PATCH or DELETE invalidates every stored
   * response of its path, with any query. `'url'`: only the responses with the same query, the minimum that RFC 9111
   * requires. Default `'path'`.
   */
  readonly invalidates?: 'path' | 'url' | undefined;
  /**
   * False: responses do not name their tags to a CDN. Default true; has an effect with `CdnModule` of
   * `nestjs-cache-infra/cdn` only.
   */
  readonly edgeTags?: boolean | undefined;
  /** False: `Cache-Control` of requests is ignored, so clients cannot bypass the cache. Default true. */
  readonly clientControl?: boolean | undefined;
}

const texts: Check = (value) =>
  Array.isArray(value) && value.every((text) => typeof text === 'string' && text !== '')
    ? undefined
    : 'must be a list of non-empty strings';

const names: Check = (value) =>
  texts(value) ??
  ((value as string[]).every((name) => /^[!#$%&'*+.^_`|~\w-]+$/.test(name) && name !== '*')
    ? undefined
    : 'must be a list of header names');

const errorStatuses: Check = (value) =>
  Array.isArray(value) && value.every((status) => Number.isInteger(status) && status >= 400 && status <= 599)
    ? undefined
    : 'must be a list of statuses from 400 to 599';

const checks: Checks = {
  ttl: duration,
  tags: (value) =>
    typeof value === 'function' || texts(value) === undefined
      ? undefined
      : `${texts(value) ?? ''} or a function`,
  vary: names,
  cache: nonEmptyString,
  shared: booleanValue,
  staleWhileRevalidate: duration,
  staleIfError: duration,
  key: functionValue,
  host: booleanValue,
  statuses: errorStatuses,
  headers: names,
  withoutHeaders: names,
  clientControl: booleanValue,
  edgeTags: booleanValue,
  plain: booleanValue,
  invalidates: oneOf('path', 'url'),
};

/** The metadata key of a route's options. */
export const httpCacheMetadata = 'nestjs-cache-infra:http-cache';

/**
 * Caches the responses of a GET route, or of all GET routes of a controller, by the rules of RFC 9111. A route's
 * options override those of its controller. Requires the `HttpCacheInterceptor`, globally or on the route.
 *
 * ```ts
 * @Get()
 * @HttpCache({ ttl: '1m', tags: ['products'], shared: true, staleWhileRevalidate: '30s' })
 * list(): Promise<Product[]> { … }
 * ```
 *
 * `@HttpCache(false)` excludes a route.
 *
 * @throws ValidationError when the options are invalid
 */
export function HttpCache(options?: HttpCacheOptions | false): ClassDecorator & MethodDecorator;
export function HttpCache(
  options: HttpCacheOptions | false = {},
  ...rest: readonly unknown[]
): ClassDecorator & MethodDecorator {
  assertParentheses('@HttpCache', options, rest);
  if (options !== false) assertOptions('@HttpCache()', options, checks);
  return SetMetadata(httpCacheMetadata, options);
}
