import { Injectable, type OnModuleInit } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';

import { AiCacheService } from '../../ai/index.js';
import { ValidationError } from '../../base/errors.js';
import { rootAiToken } from '../registry/ai-tokens.js';
import { dependenciesOf, nameOf, wrappersOf } from '../decorators/instance-origin.js';

/** Rejects classes that inject `AiCacheService` by its class in an application with several AI caches. */
@Injectable()
export class AmbiguousAi implements OnModuleInit {
  constructor(private readonly modules: ModulesContainer) {}

  /** @throws ValidationError that names each such class and the decorator to use */
  onModuleInit(): void {
    const all = [...this.modules.values()];
    const global = all.filter((module) => module.isGlobal && module.providers.has(AiCacheService));
    if (global.length < 2 || global.some((module) => module.providers.has(rootAiToken))) return;
    const names = global.flatMap(({ providers }) => [...providers.keys()]).flatMap(aiName);
    const ambiguous = new Set(global.map((module) => module.providers.get(AiCacheService)));
    const problems = all
      .filter((module) => !global.includes(module))
      .flatMap(wrappersOf)
      .filter((wrapper) => dependenciesOf(wrapper).some((dependency) => ambiguous.has(dependency)))
      .map((wrapper) => {
        const known = names.map((name) => `'${name}'`).join(' and ');
        const message = `${nameOf(wrapper)} injects AiCacheService, but the application has ${String(names.length)} (${known}): name one with @InjectAiCache('${names[0] ?? ''}')`;
        return { path: nameOf(wrapper), message };
      });
    if (problems.length > 0) throw new ValidationError(problems, 'CacheInfraModule');
  }
}

function aiName(token: unknown): readonly string[] {
  const [, name] = /^AiCacheService\((.*)\)$/.exec(String(token)) ?? [];
  return name === undefined ? [] : [name];
}
