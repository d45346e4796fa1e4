import * as common from '@nestjs/common';
import type { ExecutionContext, Type } from '@nestjs/common';
import {
  INTERCEPTORS_METADATA,
  REDIRECT_METADATA,
  RENDER_METADATA,
  RESPONSE_PASSTHROUGH_METADATA,
  ROUTE_ARGS_METADATA,
  RouteParamtypes,
  SSE_METADATA,
  VERSION_METADATA,
} from '@nestjs/common/internal';

import { durationMs, maxDurationMs } from '../../../base/duration.js';
import { CacheContextInterceptor } from '../../vary/cache-context.interceptor.js';
import { CacheMonitoringInterceptor } from '../../observe/cache-monitoring.interceptor.js';
import { ContextBinding } from '../../vary/context-binding.js';
import { httpCacheMetadata, type HttpCacheOptions } from './http-cache.decorator.js';
import type { StoringRules } from '../rules/stored-response.js';
import { merged } from '../rules/vary.js';

/** `@Res()` and `@Next()`. */
const responseParameters: readonly number[] = [RouteParamtypes.RESPONSE, RouteParamtypes.NEXT];

type Handler = ReturnType<ExecutionContext['getHandler']>;
type Controller = Type | { readonly prototype: object };

/** What is known of a route before its first request. */
export interface HttpRoute {
  /** Tells apart handlers that answer the same URL, as versions by header or media type do. */
  readonly id: string;
  readonly handler: Handler;
  readonly options: HttpCacheOptions;
  /** It, or its controller, has `@HttpCache()`. */
  readonly decorated: boolean;
  readonly optedOut: boolean;
  /** It answers by itself (`@Res()`, `@Sse()`), or Nest does by other means than its result (`@Render()`, `@Redirect()`). */
  readonly answersItself: boolean;
}

export function httpRoute(controller: Controller, handler: Handler): HttpRoute {
  const own = optionsOn(handler);
  const shared = optionsOn(controller);
  const given = own ?? shared;
  const options = { ...(shared === false ? {} : shared), ...(own === false ? {} : own) };
  return {
    id: routeId(controller, handler),
    handler,
    options: given === false ? {} : options,
    decorated: given !== undefined && given !== false,
    optedOut: given === false,
    answersItself: answersItself(controller, handler),
  };
}

/** The rules that a route's options make, with the ttl of its cache in seconds for one that has none. */
export function storingRules({ options, decorated }: HttpRoute, defaultTtl: number): StoringRules {
  const { ttl = defaultTtl, staleWhileRevalidate, staleIfError, shared = false } = options;
  const lower = (names: readonly string[]) => names.map((name) => name.toLowerCase());
  return {
    decorated,
    shared,
    lifetime: decorated ? seconds(ttl) || maxDurationMs / 1000 : undefined,
    staleWhileRevalidate: staleWhileRevalidate === undefined ? undefined : seconds(staleWhileRevalidate),
    staleIfError: staleIfError === undefined ? undefined : seconds(staleIfError),
    vary: merged(options.vary ?? []),
    statuses: options.statuses ?? [],
    keepFields: options.headers === undefined ? undefined : lower(options.headers),
    dropFields: lower(options.withoutHeaders ?? []),
  };
}

/** The interceptors around this one. */
export interface Surroundings {
  /** One of them tells by the class or the type of what it gets which properties to leave out. */
  readonly serializes: boolean;
  /** None of them looks at what this one gives. */
  readonly isOutermost: boolean;
  /** The names of those that may. */
  readonly names: readonly string[];
}

/** Where `interceptor` stands on a route; `globals` in the order in which Nest asks them. */
export function surroundings(
  interceptor: object,
  controller: Controller,
  handler: Handler,
  globals: readonly unknown[],
): Surroundings {
  const all = [...globals, ...interceptorsOn(controller), ...interceptorsOn(handler)];
  const own = all.findIndex((it) => it === interceptor || it === interceptor.constructor);
  const around = own === -1 ? all : all.slice(0, own);
  const watching = around.map(classOf).filter((it) => !unconcerned.includes(it));
  return {
    serializes: watching.some(isSerializer),
    isOutermost: own !== -1 && watching.length === 0,
    names: watching.map((it) => (typeof it === 'function' && it.name !== '' ? it.name : 'an object')),
  };
}

/** Ours, that never look at a value. */
const unconcerned: readonly unknown[] = [ContextBinding, CacheContextInterceptor, CacheMonitoringInterceptor];

/** Nest before version 12 has no `StandardSchemaSerializerInterceptor`. */
const serializers = ['ClassSerializerInterceptor', 'StandardSchemaSerializerInterceptor']
  .map((name): unknown => Reflect.get(common, name))
  .filter((it) => typeof it === 'function');

/** Interceptors are bound as classes and as instances. */
function classOf(it: unknown): unknown {
  return typeof it === 'object' && it !== null ? it.constructor : it;
}

function isSerializer(it: unknown): boolean {
  if (typeof it !== 'function') return false;
  return serializers.some((serializer) => it === serializer || it.prototype instanceof serializer);
}

export function interceptorsOn(target: object): readonly unknown[] {
  return (Reflect.getMetadata(INTERCEPTORS_METADATA, target) as readonly unknown[] | undefined) ?? [];
}

/** What `@HttpCache()` said on a controller or a handler. */
export function optionsOn(target: object): HttpCacheOptions | false | undefined {
  return Reflect.getMetadata(httpCacheMetadata, target) as HttpCacheOptions | false | undefined;
}

/** Where `@Redirect()` sends the client, which Nest says after all interceptors. */
export function redirectOf(handler: Handler, value: unknown): string | undefined {
  const redirect = Reflect.getMetadata(REDIRECT_METADATA, handler) as { readonly url?: string } | undefined;
  if (redirect === undefined) return undefined;
  const chosen: unknown = typeof value === 'object' && value !== null ? Reflect.get(value, 'url') : undefined;
  return typeof chosen === 'string' ? chosen : redirect.url;
}

function answersItself(controller: Controller, handler: Handler): boolean {
  const marks = [SSE_METADATA, RENDER_METADATA, REDIRECT_METADATA];
  if (marks.some((mark) => Reflect.hasMetadata(mark, handler))) return true;
  const name = methodName(controller, handler);
  const parameters = (Reflect.getMetadata(ROUTE_ARGS_METADATA, controller, name) ?? {}) as object;
  const takesResponse = Object.keys(parameters).some((parameter) =>
    responseParameters.includes(Number(parameter.split(':')[0])),
  );
  return takesResponse && Reflect.getMetadata(RESPONSE_PASSTHROUGH_METADATA, controller, name) !== true;
}

/** Two versions may be classes of one name. */
function routeId(controller: Controller, handler: Handler): string {
  const version: unknown =
    Reflect.getMetadata(VERSION_METADATA, handler) ?? Reflect.getMetadata(VERSION_METADATA, controller);
  const versions = version === undefined ? '' : `@${[version].flat().map(String).join(',')}`;
  const { name } = controller as Type;
  return `${name}.${methodName(controller, handler)}${versions}`;
}

/** A decorator may have put a function of another name in the place of the method. */
function methodName({ prototype }: Controller, handler: Handler): string {
  for (
    let owner = prototype as object | null;
    owner !== null;
    owner = Object.getPrototypeOf(owner) as object | null
  ) {
    for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(owner))) {
      if (value === handler) return name;
    }
  }
  return handler.name;
}

function seconds(ttl: number | string): number {
  return durationMs(ttl) / 1000;
}
