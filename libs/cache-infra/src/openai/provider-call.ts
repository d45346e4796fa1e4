import type { AiCacheService } from '../ai/ai-cache.service.js';
import type { AiCacheControl } from '../ai/call/control.js';
import type { KeyedRequest } from './ai-request.js';
import type { ProviderApi, ProviderRequest } from './provider-request.js';

/** APIs that answer by text. */
export type AnsweringApi = Exclude<ProviderApi, 'embeddings'>;

/** One call of the caching `fetch`. */
export interface ProviderCall {
  readonly ai: AiCacheService;
  readonly request: ProviderRequest;
  readonly operation: string;
  readonly aiRequest: KeyedRequest;
  readonly control: AiCacheControl;
  /** Sends the request to the provider, with another body if given. */
  readonly send: (signal: AbortSignal, body?: string) => Promise<Response>;
}
