import type { CacheInfraAiOptions } from 'nestjs-cache-infra';
import type { Environment } from '../config/environment.js';
import { LocalChatEngine } from '../text/local-chat-engine.js';

/** The options of the cache for AI answers: a ttl for each operation, and the prices of the chat's models. */
export function aiCacheOptions({ chat, openAi }: Environment): Omit<CacheInfraAiOptions, 'isGlobal'> {
  const models = openAi?.models ?? LocalChatEngine.models;
  const { price } = chat;
  return {
    operations: {
      // All callers share answers, also to questions in other words with the same gist.
      chat: { ttl: '1h', shared: true, alike: { text: ({ question }: { question: string }) => question } },
      summarize: { ttl: '2h' },
      readability: { ttl: '1d' },
    },
    ...(price === undefined ? {} : { prices: pricesOf(models, price) }),
  };
}

function pricesOf(
  models: readonly string[],
  { inputPerMillion, outputPerMillion }: NonNullable<Environment['chat']['price']>,
): Record<string, { inputPerMillion: number; outputPerMillion: number }> {
  return Object.fromEntries(models.map((model) => [model, { inputPerMillion, outputPerMillion }]));
}
