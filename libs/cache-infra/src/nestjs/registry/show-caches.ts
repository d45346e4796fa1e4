import type { ModuleRef } from '@nestjs/core';

import type { AiCacheService } from '../../ai/index.js';
import { ValidationError } from '../../base/errors.js';
import type { Cache } from '../../cache/contract/cache.js';
import { namedAiToken, rootAiToken } from './ai-tokens.js';
import { registryOf } from './cache-registry.js';
import { provider } from './provided.js';

/** Shows caches to a tool of observation. */
export interface CacheDisplay {
  watch(cache: Cache): unknown;
  watchAi(ai: AiCacheService, name: string): unknown;
}

/**
 * Shows every cache and AI cache of the application. `module`: the one that needs them, for its error.
 *
 * @throws ValidationError without `CacheInfraModule`
 */
export function showCaches(moduleRef: ModuleRef, display: CacheDisplay, module: string): void {
  const registry = registryOf(moduleRef);
  if (registry === undefined) {
    const message = `${module} needs CacheInfraModule.forRoot() or forAi() in the same application`;
    throw new ValidationError([{ path: 'imports', message }], module);
  }
  const names = registry.names();
  for (const name of names) display.watch(registry.get(name));
  const shown = new Set<AiCacheService>();
  const showAi = (token: Parameters<typeof provider<AiCacheService>>[1], name: string): void => {
    const ai = provider(moduleRef, token);
    if (ai === undefined || shown.has(ai)) return;
    shown.add(ai);
    display.watchAi(ai, name);
  };
  for (const name of names) showAi(namedAiToken(name), name);
  showAi(rootAiToken, names.includes('ai') ? 'ai' : 'default');
}
