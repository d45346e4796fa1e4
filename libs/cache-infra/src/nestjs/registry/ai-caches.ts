import type { ModuleRef } from '@nestjs/core';

import type { AiCacheService } from '../../ai/index.js';
import { namedAiToken, rootAiToken } from './ai-tokens.js';
import { provider } from './provided.js';

/** An AI cache of the application. `name`: of its cache. */
export interface NamedAi {
  readonly name: string;
  readonly ai: AiCacheService;
}

/** The AI caches of the application, each once. `names`: of its caches. */
export function aiCachesOf(moduleRef: ModuleRef, names: readonly string[]): NamedAi[] {
  const tokens = [
    ...names.map((name) => ({ name, token: namedAiToken(name) })),
    { name: names.includes('ai') ? 'ai' : 'default', token: rootAiToken },
  ];
  const found = new Map<AiCacheService, string>();
  for (const { name, token } of tokens) {
    const ai = provider(moduleRef, token);
    if (ai !== undefined && !found.has(ai)) found.set(ai, name);
  }
  return [...found].map(([ai, name]) => ({ name, ai }));
}
