import type { DynamicModule, Provider } from '@nestjs/common';

/** The providers of a cache's options, and the visibility of the cache. */
export interface OptionsSource {
  readonly name: string | undefined;
  /** The names of the additional caches. */
  readonly caches: readonly string[];
  readonly isGlobal: boolean | undefined;
  readonly imports?: DynamicModule['imports'];
  readonly providers: Provider[];
}

/** An options source, and the method of `CacheFactory` that creates the caches. */
export interface Plan extends OptionsSource {
  readonly way: 'create' | 'createAi' | 'forTesting';
}
