import { AsyncLocalStorage } from 'node:async_hooks';

import type { ExecutionContext } from '@nestjs/common';

import type { CacheContext, CacheContextRequest } from '../registry/cache-context.js';

const storage = new AsyncLocalStorage<CacheContext>();
const none: CacheContext = { type: 'none', args: [] };

export function currentCacheContext(): CacheContext {
  return storage.getStore() ?? none;
}

/**
 * Runs `callback` in the context of a request that no Nest handler serves yet: in middleware, guards and queue
 * consumers. `CacheContextInterceptor` does the same for handlers.
 *
 * ```ts
 * app.use((request, response, next) => withCacheContext({ type: 'http', request }, next));
 * ```
 */
export function withCacheContext<T>(context: Partial<CacheContext>, callback: () => T): T {
  return storage.run({ ...none, ...context }, callback);
}

/** @internal */
export function contextOf(execution: ExecutionContext): CacheContext {
  const type: string = execution.getType();
  const args = execution.getArgs<unknown[]>();
  return { type, args, request: requestOf(type, args) };
}

interface Holder {
  readonly req?: unknown;
  readonly request?: unknown;
  readonly reply?: { readonly request?: unknown };
  readonly handshake?: unknown;
}

function requestOf(type: string, args: readonly unknown[]): CacheContextRequest | undefined {
  if (type === 'rpc') return undefined;
  if (type === 'http') return args.find(isRequest);
  // Apollo's context has `req`, Mercurius' context `reply`; a WebSocket client has `handshake`.
  const holder = args[type === 'graphql' ? 2 : 0] as Holder | null | undefined;
  return [holder?.req, holder?.request, holder?.reply?.request, holder?.handshake].find(isRequest);
}

function isRequest(value: unknown): value is CacheContextRequest {
  return (
    typeof value === 'object' && value !== null && 'headers' in value && typeof value.headers === 'object'
  );
}
