import type { ExecutionContext, Type } from '@nestjs/common';
import { RequestMethod } from '@nestjs/common';

import type { HttpCacheOptions } from './http-cache.decorator.js';
import { httpRoute, optionsOn } from './http-route.js';
import { methodMetadata } from './nest-metadata.js';

type Handler = ReturnType<ExecutionContext['getHandler']>;

/** HTTP methods whose responses are stored or served from the cache. */
const reading: readonly RequestMethod[] = [RequestMethod.GET, RequestMethod.HEAD];

/** Why the options of a handler have no effect; undefined if they have one. */
export function misplacement(
  controller: { readonly prototype: object },
  handler: Handler,
): string | undefined {
  const options = optionsOn(handler);
  if (options === undefined || options === false) return undefined;
  const method = Reflect.getMetadata(methodMetadata, handler) as RequestMethod | undefined;
  if (method === undefined) return 'the method is not a route, so the options have no effect';
  if (method === RequestMethod.ALL) return undefined;
  if (!reading.includes(method)) return misplacedOnWrite(options, RequestMethod[method]);
  if (options.invalidates !== undefined)
    return 'invalidates applies only to unsafe methods (POST, PUT, PATCH, DELETE)';
  if (!httpRoute(controller as Type, handler).answersItself) return undefined;
  return 'the route responds through @Res(), @Next(), @Sse(), @Render() or @Redirect(), and such responses are not stored';
}

function misplacedOnWrite(options: HttpCacheOptions, method: string): string | undefined {
  const idle = Object.entries(options)
    .filter(([name, value]) => name !== 'invalidates' && value !== undefined)
    .map(([name]) => name);
  if (options.invalidates === undefined)
    return `responses to ${method} are not stored, so the options have no effect`;
  if (idle.length === 0) return undefined;
  return `responses to ${method} are not stored, so ${idle.join(' and ')} ${idle.length === 1 ? 'has' : 'have'} no effect`;
}
