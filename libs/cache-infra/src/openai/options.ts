import type { AiCacheControl } from '../ai/call/control.js';
import { assertOptions, booleanValue, functionValue } from '../base/checks.js';
import { ValidationError } from '../base/errors.js';
import { describeValue } from '../base/redact.js';
import type { Fetch, ProviderRequest } from './provider-request.js';

export interface CachingFetchOptions {
  /**
   * The owner of the answers, by name or found for each request. Requests of different tenants never share answers.
   * With a tenant, credentials are not in the key: a rotated API key still finds the answers. A function that gives
   * none makes the request fail with `ValidationError`. Default: none; requests with different credentials do not share
   * answers.
   */
  tenant?: string | number | ((request: ProviderRequest) => string | number) | undefined;
  /**
   * All callers share the answers, whatever their credentials. Use it only where every caller may see every answer.
   * Cannot be combined with `tenant`. Default false.
   */
  shared?: boolean | undefined;
  /**
   * The name of the operation, which decides about the ttl and groups `stats`. Default: `'openai.chat'`,
   * `'openai.responses'`, `'openai.embeddings'` or `'anthropic.messages'`, by the path.
   */
  operation?: string | ((request: ProviderRequest) => string) | undefined;
  /**
   * The control of a request: its ttl, tags, `noStore`, `onlyIfCached` and so on. `({ headers }) => aiControl(headers)`
   * reads it from its `Cache-Control`. A request with `onlyIfCached` and without an answer gets a 504. Default: none.
   */
  control?: ((request: ProviderRequest) => Omit<AiCacheControl, 'signal'> | undefined) | undefined;
  /** Sends the requests. Default: the global `fetch`. */
  fetch?: Fetch | undefined;
}

const textOrFunction = (value: unknown): string | undefined =>
  typeof value === 'function' || isName(value) ? undefined : 'must be a non-empty string or a function';

const checks = {
  tenant: textOrFunction,
  shared: booleanValue,
  operation: textOrFunction,
  control: functionValue,
  fetch: functionValue,
};

/** @throws ValidationError that lists every problem */
export function assertCachingFetchOptions(options: CachingFetchOptions): void {
  assertOptions('cachingFetch', options, checks);
  if (options.shared !== true || options.tenant === undefined) return;
  throw new ValidationError([
    { path: 'shared', message: 'shared cannot be combined with tenant: answers have an owner, or have none' },
  ]);
}

/** The tenant of a request; undefined if the options name none. */
export function tenantOf(
  request: ProviderRequest,
  { tenant }: CachingFetchOptions,
): string | number | undefined {
  if (typeof tenant !== 'function') return tenant;
  const found: unknown = tenant(request);
  if (isName(found)) return found;
  const words = `must return a non-empty string or a number, got ${describeValue(found)}`;
  throw new ValidationError([{ path: 'tenant', message: `tenant ${words}` }]);
}

function isName(value: unknown): value is string | number {
  return typeof value === 'string' ? value !== '' : Number.isFinite(value);
}
