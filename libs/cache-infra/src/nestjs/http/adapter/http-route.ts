import * as common from '@nestjs/common';
import type { ExecutionContext, Type } from '@nestjs/common';

import { durationSeconds, maxDurationMs } from '../../../base/duration.js';
import { classNameOf } from '../../../keys/class-name.js';
import { CacheContextInterceptor } from '../../vary/cache-context.interceptor.js';
import { CacheMonitoringInterceptor } from '../../observe/cache-monitoring.interceptor.js';
import { ContextBinding } from '../../vary/context-binding.js';
import { httpCacheMetadata, type HttpCacheOptions } from './http-cache.decorator.js';
import {
  interceptorsMetadata,
  pathMetadata,
  redirectMetadata,
  renderMetadata,
  responseParameters,
  responsePassthroughMetadata,
  routeArgsMetadata,
  sseMetadata,
  versionMetadata,
} from './nest-metadata.js';
import type { StoringRules } from '../rules/stored-response.js';
import { merged } from '../rules/vary.js';

type Handler = ReturnType<ExecutionContext['getHandler']>;
type Controller = Type | { readonly prototype: object };

/** The properties of a route that are known before its first request. */
export interface HttpRoute {
  /** Distinguishes handlers of the same URL, such as versions by header or media type. */
  readonly id: string;
  readonly handler: Handler;
  readonly options: HttpCacheOptions;
  /** True if the route or its controller has `@HttpCache()`. */
  readonly decorated: boolean;
  readonly optedOut: boolean;
  /**
   * True if the handler writes the response (`@Res()`, `@Sse()`), or Nest does not send its result (`@Render()`,
   * `@Redirect()`).
   */
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

/** The storing rules of a route. `defaultTtl`: the ttl of its cache in seconds, for a route without a ttl. */
export function storingRules({ options, decorated }: HttpRoute, defaultTtl: number): StoringRules {
  const { ttl, staleWhileRevalidate, staleIfError, shared = false } = options;
  const lifetime = ttl === undefined ? defaultTtl : durationSeconds(ttl);
  const lower = (names: readonly string[]) => names.map((name) => name.toLowerCase());
  return {
    decorated,
    shared,
    lifetime: decorated ? lifetime || maxDurationMs / 1000 : undefined,
    staleWhileRevalidate:
      staleWhileRevalidate === undefined ? undefined : durationSeconds(staleWhileRevalidate),
    staleIfError: staleIfError === undefined ? undefined : durationSeconds(staleIfError),
    vary: merged(options.vary ?? []),
    statuses: options.statuses ?? [],
    keepFields: options.headers === undefined ? undefined : lower(options.headers),
    dropFields: lower(options.withoutHeaders ?? []),
  };
}

/** The interceptors around the HTTP cache on a route. */
export interface Surroundings {
  /** True if one of them selects properties by class or type (Nest's serializers). */
  readonly serializes: boolean;
  /** True if no outer interceptor reads the cache's results. */
  readonly isOutermost: boolean;
  /** The names of the outer interceptors that may read results. */
  readonly names: readonly string[];
}

/** The interceptors around `interceptor` on a route; `globals` in the order in which Nest calls them. */
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

/** Interceptors of this library, which never read a result. */
const unconcerned: readonly unknown[] = [ContextBinding, CacheContextInterceptor, CacheMonitoringInterceptor];

/** Nest before version 12 has no `StandardSchemaSerializerInterceptor`. */
const serializers = ['ClassSerializerInterceptor', 'StandardSchemaSerializerInterceptor']
  .map((name): unknown => Reflect.get(common, name))
  .filter((it) => typeof it === 'function');

/** The class of an interceptor, which may be bound as a class or as an instance. */
function classOf(it: unknown): unknown {
  return typeof it === 'object' && it !== null ? it.constructor : it;
}

function isSerializer(it: unknown): boolean {
  if (typeof it !== 'function') return false;
  return serializers.some((serializer) => it === serializer || it.prototype instanceof serializer);
}

export function interceptorsOn(target: object): readonly unknown[] {
  return (Reflect.getMetadata(interceptorsMetadata, target) as readonly unknown[] | undefined) ?? [];
}

/** The options of `@HttpCache()` on a controller or a handler. */
export function optionsOn(target: object): HttpCacheOptions | false | undefined {
  return Reflect.getMetadata(httpCacheMetadata, target) as HttpCacheOptions | false | undefined;
}

/** The target of `@Redirect()`, which Nest sends after all interceptors. */
export function redirectOf(handler: Handler, value: unknown): string | undefined {
  const redirect = Reflect.getMetadata(redirectMetadata, handler) as { readonly url?: string } | undefined;
  if (redirect === undefined) return undefined;
  const chosen: unknown = typeof value === 'object' && value !== null ? Reflect.get(value, 'url') : undefined;
  return typeof chosen === 'string' ? chosen : redirect.url;
}

function answersItself(controller: Controller, handler: Handler): boolean {
  const marks = [sseMetadata, renderMetadata, redirectMetadata];
  if (marks.some((mark) => Reflect.hasMetadata(mark, handler))) return true;
  const name = methodName(controller, handler);
  const parameters = (Reflect.getMetadata(routeArgsMetadata, controller, name) ?? {}) as object;
  const takesResponse = Object.keys(parameters).some((parameter) =>
    responseParameters.includes(Number(parameter.split(':')[0])),
  );
  return takesResponse && Reflect.getMetadata(responsePassthroughMetadata, controller, name) !== true;
}

/** Two versions of a controller may have the same class name. */
function routeId(controller: Controller, handler: Handler): string {
  const version: unknown =
    Reflect.getMetadata(versionMetadata, handler) ?? Reflect.getMetadata(versionMetadata, controller);
  const versions = version === undefined ? '' : `@${[version].flat().map(String).join(',')}`;
  return `${controllerName(controller as Type)}.${methodName(controller, handler)}${versions}`;
}

/**
 * The name of a controller, equal in every process: `mixin()` names classes at random, so the name in the source stands
 * for such a name. The path distinguishes controllers that one mixin created.
 */
function controllerName(controller: Type): string {
  const { name } = classNameOf(controller);
  if (name === controller.name) return name;
  const path: unknown = Reflect.getMetadata(pathMetadata, controller);
  return `${name}(${[path].flat().map(String).join(',')})`;
}

/** Look up the property name: a decorator may have replaced the method by a function of another name. */
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
