import { Injectable, type OnModuleInit } from '@nestjs/common';
import { ApplicationConfig, ModulesContainer } from '@nestjs/core';

import { ValidationError } from '../errors.js';
import { CacheContextInterceptor } from './cache-context.interceptor.js';
import { CacheVaryProvider } from './cache-facts.js';
import { CacheRegistry } from './cache-registry.js';

/**
 * Binds {@link CacheContextInterceptor} for the whole application once there are facts for it to tell of a request: every request to every
 * route pays for an interceptor, whatever it does.
 */
@Injectable()
export class ContextBinding implements OnModuleInit {
  #isStarted = false;

  constructor(
    private readonly config: ApplicationConfig,
    private readonly interceptor: CacheContextInterceptor,
    registry: CacheRegistry,
    modules: ModulesContainer,
  ) {
    registry.onFacts = () => {
      this.#bind();
    };
    const isProvided = [...modules.values()].some(({ providers }) => providers.has(CacheVaryProvider));
    if (isProvided || Object.keys(registry.facts()).length > 0) this.#bind();
  }

  /** Routes and message handlers take the interceptors that there are before the first of these hooks runs. */
  onModuleInit(): void {
    this.#isStarted = true;
  }

  /** @throws ValidationError when the application has started without it */
  #bind(): void {
    if (this.config.getGlobalInterceptors().some((bound) => bound instanceof CacheContextInterceptor)) return;
    if (this.#isStarted) {
      throw new ValidationError(
        'vary comes too late in a module that is loaded lazily: the routes are there, and none tells of its request. Say it in a module that the application starts with, or call app.useGlobalInterceptors(app.get(CacheContextInterceptor)) before that',
        'CacheInfraModule',
      );
    }
    this.config.addGlobalInterceptor(this.interceptor);
  }
}
