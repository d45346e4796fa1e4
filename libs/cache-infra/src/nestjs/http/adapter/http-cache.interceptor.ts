import { Injectable, type CallHandler, type ExecutionContext, type NestInterceptor } from '@nestjs/common';
import { ApplicationConfig, HttpAdapterHost } from '@nestjs/core';
import { concat, defer, from, ignoreElements, tap, type Observable } from 'rxjs';

import { ValidationError } from '../../../base/errors.js';
import { routeName } from '../../observe/route-name.js';
import { noRequestDirectives, requestDirectives } from '../rules/cache-control.js';
import { hasCredentials } from '../rules/credentials.js';
import { fieldText } from '../rules/header-fields.js';
import type { Around } from './handler-run.js';
import { HttpAnswer } from './http-answer.js';
import { httpCacheStatus } from '../rules/http-cache-status.js';
import { HttpCaches } from './http-caches.js';
import { HttpExchange, isInHand } from './http-exchange.js';
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
  /** What selects a response as long as none has said so. */
  readonly assumed: Selection;
  readonly keys: RouteKeys;
  readonly around: Around;
  /** What this interceptor gives goes to the client, by this method or as the text that it would send. */
  readonly textSender: JsonMethod | undefined;
}

/**
 * A shared HTTP cache (RFC 9111) in front of the handlers: answers GET and HEAD from the cache, with `Age`, `ETag`, 304 and
 * `Cache-Status`, and invalidates a URL when another method changes it. Stores what routes with `@HttpCache()` answer, and
 * what says itself by `Cache-Control` or `Expires` for how long it is fresh. Guards run before it, for every request.
 *
 * ```ts
 * providers: [{ provide: APP_INTERCEPTOR, useExisting: HttpCacheInterceptor }]
 * ```
 *
 * Lets pass untouched: what is not HTTP, handlers that answer themselves (`@Res()`, `@Sse()`, `@Render()`, `@Redirect()`),
 * streams, and requests with `Range` or a body. Without Redis, or with a cache in trouble, the handlers run.
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
    // Bound twice, the outer one does the work.
    if (isInHand(context.getArgByIndex(0))) return next.handle();

    const route = this.#route(context);
    if (route.optedOut) return next.handle();
    const exchange = new HttpExchange(context, this.adapterHost.httpAdapter);
    if (!safeMethods.has(exchange.method)) return this.#invalidating(exchange, route, next);
    if (exchange.method !== 'GET' && exchange.method !== 'HEAD') return next.handle();

    const store = this.caches.store(route.options.cache);
    if (store === undefined || route.answersItself) return next.handle();
    if (!route.decorated && !this.caches.caching.has(route.handler)) {
      return this.#learning(exchange, route, store, next);
    }
    const detail = this.#bypass(exchange, route);
    if (detail !== undefined) {
      exchange.addCacheStatus(httpCacheStatus({ fwd: 'bypass', detail }));
      exchange.takeInHand();
      return next.handle();
    }
    const answer = this.#answer(context, exchange, route, store, next);
    if (answer !== undefined) return from(answer.value());
    exchange.addCacheStatus(httpCacheStatus({ fwd: 'bypass', detail: 'key-failed' }));
    exchange.takeInHand();
    return next.handle();
  }

  /** Why a request is neither answered from the cache nor its answer stored. */
  #bypass(exchange: HttpExchange, { handler, options }: HttpRoute): string | undefined {
    const { headers } = exchange;
    if (headers['range'] !== undefined) return 'range';
    if (exchange.hasBody) return 'body';
    if (!this.caches.getsLateCookies(handler)) return undefined;
    return options.shared === true || hasCredentials(headers) ? undefined : 'set-cookie';
  }

  /** Undefined = the route's `key` failed. */
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
        tags: once(() => this.#tags(context, route, { origin, target: exchange.target })),
        isShared: rules.shared,
      }),
      wants: clientControl
        ? requestDirectives(fieldText(headers, 'cache-control'), fieldText(headers, 'pragma'))
        : noRequestDirectives,
      around,
      recordRequest: (result) => {
        this.caches.recordRequest(routeName(context), result);
      },
      textSender,
    });
  }

  /** What responses are stored by; undefined = the route says it by a function that failed. */
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

  /** @throws what the route's `tags` throws: without them, an invalidation would not reach the response */
  #tags(context: ExecutionContext, route: HttpRoute, url: UrlParts): readonly string[] {
    const { tags = [] } = route.options;
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

  /** What follows from a route and its cache, once. */
  #prepared(context: ExecutionContext, route: HttpRoute, { cache }: HttpStore): Prepared {
    const known = this.#preparations.get(route);
    if (known !== undefined) return known;
    const rules = storingRules(route, cache.defaultTtl);
    const adapter = this.adapterHost.httpAdapter;
    const { serializes, names, ...outside } = this.#surroundings(context);
    // One that is derived from this one may look at what it gives.
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

  /** A change invalidates its path, or its URL, and those it names, before the client hears of it (RFC 9111 §4.4). */
  #invalidating(exchange: HttpExchange, route: HttpRoute, next: CallHandler): Observable<unknown> {
    const { invalidates = 'path' } = route.options;
    let value: unknown;
    exchange.takeInHand();
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

  /** A route of which nothing is known: nothing is asked, and nothing stored before it is known that it can be. */
  #learning(
    exchange: HttpExchange,
    route: HttpRoute,
    store: HttpStore,
    next: CallHandler,
  ): Observable<unknown> {
    const before = exchange.head().fields;
    exchange.takeInHand();
    return next.handle().pipe(
      tap((value) => {
        if (isStreaming(value) || exchange.isSent) return;
        const answer = { ...exchange.head(), before, body: { kind: 'empty' } as const };
        const rules = storingRules(route, 0);
        const stored = toStore(answer, exchange.headers, rules, store.clock.now());
        if (typeof stored === 'object') this.caches.caching.add(route.handler);
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

/** `make`, called at most once; again where it threw. */
function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}
