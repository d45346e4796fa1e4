import { Injectable, type CallHandler, type ExecutionContext, type NestInterceptor } from '@nestjs/common';
import { ApplicationConfig, HttpAdapterHost } from '@nestjs/core';
import { concat, defer, from, ignoreElements, tap, type Observable } from 'rxjs';

import { ValidationError } from '../../../base/errors.js';
import { routeName } from '../../observe/route-name.js';
import { noRequestDirectives, requestDirectives } from '../rules/cache-control.js';
import { hasCredentials } from '../rules/credentials.js';
import { fieldText } from '../rules/header-fields.js';
import { addEdgeTags } from './edge-tagging.js';
import type { Around } from './handler-run.js';
import { HttpAnswer } from './http-answer.js';
import { httpCacheStatus } from '../rules/http-cache-status.js';
import { HttpCaches } from './http-caches.js';
import { HttpExchange, isHandled } from './http-exchange.js';
import { relatedTarget, type UrlParts } from '../rules/http-key.js';
import type { HttpStore } from '../rules/http-store.js';
import { primaryKey, RouteKeys, type PrimaryKey } from '../rules/http-primary-key.js';
import {
  httpRoute,
  redirectOf,
  storingRules,
  surroundings,
  type HttpRoute,
  type Surroundings,
} from './http-route.js';
import { classBlindJson, textSendingJson, type JsonMethod } from './json-text.js';
import { pathRules } from '../rules/path-rules.js';
import { isStreaming } from '../rules/stored-body.js';
import { assumedVary, toStore, type StoringRules } from '../rules/stored-response.js';
import { urlTag, type PathRules } from '../rules/url-tags.js';
import { Variants } from '../rules/variants.js';
import { selection, type Selection } from '../rules/vary.js';

/** RFC 9110 §9.2.1. */
const safeMethods: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'QUERY', 'TRACE']);

interface Prepared {
  readonly rules: StoringRules;
  /** The request fields that select a response until a stored response names its own. */
  readonly assumed: Selection;
  readonly keys: RouteKeys;
  readonly around: Around;
  /** The `res.json()` that sends this interceptor's result unchanged, as a JSON text or as the object. */
  readonly textSender: JsonMethod | undefined;
}

/**
 * A shared HTTP cache (RFC 9111) in front of the handlers. Answers GET and HEAD from the cache, with `Age`, `ETag`, 304
 * and `Cache-Status`, and invalidates a URL when an unsafe method changes it. Stores the responses of routes with
 * `@HttpCache()`, and responses with a lifetime in `Cache-Control` or `Expires`. Guards run before this interceptor,
 * for every request.
 *
 * ```ts
 * providers: [{ provide: APP_INTERCEPTOR, useExisting: HttpCacheInterceptor }]
 * ```
 *
 * Ignores non-HTTP requests, handlers that write the response themselves (`@Res()`, `@Sse()`, `@Render()`,
 * `@Redirect()`), streams, and requests with `Range` or a body. When Redis or the cache fails, the handlers run.
 */
@Injectable()
export class HttpCacheInterceptor implements NestInterceptor {
  readonly #routes = new WeakMap<object, WeakMap<object, HttpRoute>>();
  readonly #preparations = new WeakMap<HttpRoute, Prepared>();
  #rules: PathRules | undefined;

  constructor(
    private readonly caches: HttpCaches,
    private readonly adapterHost: HttpAdapterHost,
    private readonly config: ApplicationConfig,
  ) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    if (context.getType() !== 'http') return next.handle();
    // If bound twice, only the outer interceptor acts.
    if (isHandled(context.getArgByIndex(0))) return next.handle();

    const route = this.#route(context);
    if (route.optedOut) return next.handle();
    const exchange = new HttpExchange(context, this.adapterHost.httpAdapter);
    if (!safeMethods.has(exchange.method)) return this.#invalidating(exchange, route, next);
    if (exchange.method !== 'GET' && exchange.method !== 'HEAD') return next.handle();

    const store = this.caches.store(route.options.cache);
    if (store === undefined || route.answersItself) return next.handle();
    if (!route.decorated && !this.caches.caching.has(route.handler)) {
      return this.#learning(context, exchange, route, store, next);
    }
    const detail = this.#bypass(exchange, route);
    if (detail !== undefined) {
      return this.#bypassing(context, exchange, route, store, next, detail);
    }
    const answer = this.#answer(context, exchange, route, store, next);
    if (answer !== undefined) return from(answer.value());
    return this.#bypassing(context, exchange, route, store, next, 'key-failed');
  }

  /** The response is not of this cache, but a CDN may store it. */
  #bypassing(
    context: ExecutionContext,
    exchange: HttpExchange,
    route: HttpRoute,
    store: HttpStore,
    next: CallHandler,
    detail: string,
  ): Observable<unknown> {
    exchange.addCacheStatus(httpCacheStatus({ fwd: 'bypass', detail }));
    exchange.markHandled();
    const edgeTags = route.options.edgeTags === false ? undefined : this.caches.edgeTags;
    if (edgeTags === undefined) return next.handle();
    const before = exchange.head();
    const { rules } = this.#prepared(context, route, store);
    return next.handle().pipe(
      tap(() => {
        const tags = () => this.#tagsOf(context, route, exchange);
        if (!exchange.isSent)
          addEdgeTags(edgeTags, { exchange, rules, tags, now: store.clock.now() }, before);
      }),
    );
  }

  /** Why a request bypasses the cache; undefined if it does not. */
  #bypass(exchange: HttpExchange, { handler, options }: HttpRoute): string | undefined {
    const { headers } = exchange;
    if (headers['range'] !== undefined) return 'range';
    if (exchange.hasBody) return 'body';
    if (!this.caches.getsLateCookies(handler)) return undefined;
    return options.shared === true || hasCredentials(headers) ? undefined : 'set-cookie';
  }

  /** Undefined if the route's `key` function failed. */
  #answer(
    context: ExecutionContext,
    exchange: HttpExchange,
    route: HttpRoute,
    store: HttpStore,
    next: CallHandler,
  ): HttpAnswer | undefined {
    const { host = true, clientControl = true } = route.options;
    const { headers } = exchange;
    const { rules, assumed, keys, around, textSender } = this.#prepared(context, route, store);
    const origin = host ? exchange.origin : undefined;
    const key = this.#key(context, route, () => keys.of(origin, exchange.target));
    if (key === undefined) return undefined;
    const tags = once(() => this.#tagsOf(context, route, exchange));
    return new HttpAnswer({
      exchange,
      next,
      caches: this.caches,
      route,
      store,
      rules,
      key,
      variants: new Variants({
        store,
        key: key.text,
        assumed,
        request: headers,
        tags,
        isShared: rules.shared,
      }),
      wants: clientControl
        ? requestDirectives(fieldText(headers, 'cache-control'), fieldText(headers, 'pragma'))
        : noRequestDirectives,
      around,
      tags,
      recordRequest: (result) => {
        this.caches.recordRequest(routeName(context), result);
      },
      textSender,
    });
  }

  /** The primary key of a response; undefined if the route's `key` function failed. */
  #key(context: ExecutionContext, route: HttpRoute, ofUrl: () => PrimaryKey): PrimaryKey | undefined {
    const { key } = route.options;
    if (key === undefined) return ofUrl();
    try {
      return primaryKey(`KEY ${textOf(key(context))} ${route.id}`);
    } catch (error) {
      this.caches.optionFails('key', route, error);
      return undefined;
    }
  }

  /** @throws the error of the route's `tags` function: without tags, an invalidation would miss the response */
  #tagsOf(context: ExecutionContext, route: HttpRoute, exchange: HttpExchange): readonly string[] {
    const { tags = [], host = true } = route.options;
    const url: UrlParts = { origin: host ? exchange.origin : undefined, target: exchange.target };
    const rules = this.#pathRules();
    const ofUrl = [urlTag('path', url, rules), urlTag('url', url, rules)];
    if (typeof tags !== 'function') return [...ofUrl, ...tags];
    try {
      return [...ofUrl, ...tags(context)];
    } catch (error) {
      this.caches.optionFails('tags', route, error);
      throw error;
    }
  }

  #pathRules(): PathRules {
    return (this.#rules ??= pathRules(this.adapterHost.httpAdapter));
  }

  /** Values derived from a route and its cache, computed once. */
  #prepared(context: ExecutionContext, route: HttpRoute, { cache }: HttpStore): Prepared {
    const known = this.#preparations.get(route);
    if (known !== undefined) return known;
    const rules = storingRules(route, cache.defaultTtl);
    const adapter = this.adapterHost.httpAdapter;
    const { serializes, names, ...outside } = this.#surroundings(context);
    // A subclass may read the values that this interceptor returns.
    const isAsMade = this.intercept === HttpCacheInterceptor.prototype.intercept;
    const isOutermost = outside.isOutermost && isAsMade;
    const prepared = {
      rules,
      assumed: selection(assumedVary(rules)),
      keys: new RouteKeys(route.id),
      around: { serializes, names, isOutermost, json: classBlindJson(adapter) },
      textSender: isOutermost ? textSendingJson(adapter) : undefined,
    };
    this.#preparations.set(route, prepared);
    return prepared;
  }

  /**
   * Invalidates the path (or the URL) of a successful write, and the URLs in its `Location` headers, before the client
   * receives the response (RFC 9111 §4.4).
   */
  #invalidating(exchange: HttpExchange, route: HttpRoute, next: CallHandler): Observable<unknown> {
    const { invalidates = 'path' } = route.options;
    let value: unknown;
    exchange.markHandled();
    const invalidate = async (): Promise<void> => {
      const { status, fields } = exchange.head();
      if (status >= 400) return;
      const { origin, target } = exchange;
      const named = [
        fieldText(fields, 'location'),
        fieldText(fields, 'content-location'),
        redirectOf(route.handler, value),
      ];
      const related = named.flatMap((location) => relatedTarget(location, origin, target) ?? []);
      const tags = [target, ...related].flatMap((url) =>
        [origin, undefined].map((of) => urlTag(invalidates, { origin: of, target: url }, this.#pathRules())),
      );
      await this.caches.invalidate([...new Set(tags)]);
    };
    const told = next.handle().pipe(tap((last: unknown) => (value = last)));
    return concat(told, defer(invalidate).pipe(ignoreElements()));
  }

  /**
   * A route without options whose responses had no lifetime so far: the cache is not read, and a response only marks
   * the route as cacheable.
   */
  #learning(
    context: ExecutionContext,
    exchange: HttpExchange,
    route: HttpRoute,
    store: HttpStore,
    next: CallHandler,
  ): Observable<unknown> {
    const before = exchange.head();
    exchange.markHandled();
    return next.handle().pipe(
      tap((value) => {
        if (exchange.isSent) return;
        const answer = { ...exchange.head(), before: before.fields, body: { kind: 'empty' } as const };
        const rules = storingRules(route, 0);
        const now = store.clock.now();
        const stored = toStore(answer, exchange.headers, rules, now);
        if (typeof stored !== 'object') return;
        if (!isStreaming(value)) this.caches.caching.add(route.handler);
        const { edgeTags } = this.caches;
        const tags = () => this.#tagsOf(context, route, exchange);
        if (edgeTags !== undefined) addEdgeTags(edgeTags, { exchange, rules, tags, now }, before);
      }),
    );
  }

  #route(context: ExecutionContext): HttpRoute {
    const controller = context.getClass();
    const handler = context.getHandler();
    const routes = this.#routes.get(controller) ?? new WeakMap<object, HttpRoute>();
    this.#routes.set(controller, routes);
    const route = routes.get(handler) ?? httpRoute(controller, handler);
    routes.set(handler, route);
    return route;
  }

  #surroundings(context: ExecutionContext): Surroundings {
    const globals = [
      ...this.config.getGlobalInterceptors(),
      ...this.config.getGlobalRequestInterceptors().map(({ metatype }) => metatype),
    ];
    return surroundings(this, context.getClass(), context.getHandler(), globals);
  }
}

/** @throws ValidationError */
function textOf(key: unknown): string {
  if (typeof key === 'string' && key !== '') return key;
  throw new ValidationError(`must return a non-empty string, returned ${key === '' ? "''" : typeof key}`);
}

/** Memoizes `make`; calls it again after a throw. */
function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}
