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

/** How the responses of a route are cached. */
export interface HttpCacheOptions {
  /**
   * Life of a response that says nothing about its own by `Cache-Control` or `Expires`; what the response says wins. `0` = 365
   * days. Default: the cache's `defaultTtl`.
   */
  readonly ttl?: Ttl | undefined;
  /** Tags of the response, or a function that gives them: `cache.invalidateTags()` and `@CacheEvict({ tags })` reach it. */
  readonly tags?: readonly string[] | ((context: ExecutionContext) => readonly string[]) | undefined;
  /** Names of request fields that select the response, added to its `Vary`. */
  readonly vary?: readonly string[] | undefined;
  /** The name of the cache. Default: the default cache. */
  readonly cache?: string | undefined;
  /**
   * One response for all users, whatever their `Authorization` and `Cookie`. Default false: each gets their own, unless the
   * response says `public` or `s-maxage`.
   */
  readonly shared?: boolean | undefined;
  /** How long past its life a response is served while the handler makes a new one. Default 0. */
  readonly staleWhileRevalidate?: Ttl | undefined;
  /** How long past its life a response is served when the handler fails. Default 0. */
  readonly staleIfError?: Ttl | undefined;
  /** Stands for the URL in the key. Default: scheme, host, path and sorted query. */
  readonly key?: ((context: ExecutionContext) => string) | undefined;
  /** False: the same URL on any host is the same response. Default true. */
  readonly host?: boolean | undefined;
  /** Statuses of 400 and above that may be stored, such as 404: returned, or thrown as an `HttpException`. Default: none. */
  readonly statuses?: readonly number[] | undefined;
  /** The response headers that are kept, and no others. Default: those that the handler set. */
  readonly headers?: readonly string[] | undefined;
  /** Response headers that are not kept. */
  readonly withoutHeaders?: readonly string[] | undefined;
  /**
   * True: answers that hold objects of classes are stored as their JSON, also where an interceptor, a hook or a replacer outside of
   * the cache gets them, which then acts on plain objects. Default false: there they are not stored. Never overrules Nest's own
   * serializers, which tell by the class what to leave out.
   */
  readonly plain?: boolean | undefined;
  /**
   * For routes that change something. `'path'`: a POST, PUT, PATCH or DELETE that succeeds invalidates every stored response of its
   * path, whatever the query. `'url'`: only those with its very query, which is all that RFC 9111 asks for. Default `'path'`.
   */
  readonly invalidates?: 'path' | 'url' | undefined;
  /** False: what clients ask for by `Cache-Control` is ignored, so that none can make the handler run. Default true. */
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
  plain: booleanValue,
  invalidates: oneOf('path', 'url'),
};

/** Under which the options of a route stand. */
export const httpCacheMetadata = 'nestjs-cache-infra:http-cache';

/**
 * Caches the responses of a GET route, or of all GET routes of a controller, by the rules of RFC 9111; a route's options
 * complete those of its controller. Needs the `HttpCacheInterceptor`, globally or on the route.
 *
 * ```ts
 * @Get()
 * @HttpCache({ ttl: '1m', tags: ['products'], shared: true, staleWhileRevalidate: '30s' })
 * list(): Promise<Product[]> { … }
 * ```
 *
 * `@HttpCache(false)` leaves a route out.
 *
 * @throws ValidationError when the options are wrong
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
