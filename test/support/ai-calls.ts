import { AiCacheService } from '../../libs/cache-infra/src/ai/ai-cache.service.js';
import type { AiCacheSettings } from '../../libs/cache-infra/src/ai/call/settings.js';
import type { InMemoryCacheOptions } from '../../libs/cache-infra/src/cache/contract/cache-options.js';
import { InMemoryCache } from '../../libs/cache-infra/src/cache/in-memory-cache.js';

export const aiRequest = { model: 'small', tenant: 'a', prompt: 'Tell me.' } as const;

export interface AiInMemory {
  readonly cache: InMemoryCache;
  readonly ai: AiCacheService;
}

export function aiInMemory(settings: AiCacheSettings = {}, options: InMemoryCacheOptions = {}): AiInMemory {
  const cache = new InMemoryCache({ name: 'ai', ...options });
  return { cache, ai: new AiCacheService(cache, settings) };
}

/** All chunks of a stream. */
export async function all<C>(stream: AsyncIterable<C>): Promise<C[]> {
  const chunks: C[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return chunks;
}

/** A stream of these chunks. */
export async function* chunksOf<C>(...chunks: readonly C[]): AsyncGenerator<C, void, void> {
  for (const chunk of chunks) yield await Promise.resolve(chunk);
}

export function never(): Promise<never> {
  return new Promise(() => undefined);
}
