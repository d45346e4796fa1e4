import type { DynamicModule, Provider } from '@nestjs/common';

/** Where the options of a cache come from, and who sees the cache. */
export interface OptionsSource {
  readonly name: string | undefined;
  /** The names of the caches beside that one. */
  readonly caches: readonly string[];
  readonly isGlobal: boolean | undefined;
  readonly imports?: DynamicModule['imports'];
  readonly providers: Provider[];
}

/** A source, and which of the factory's ways to make a cache of it. */
export interface Plan extends OptionsSource {
  readonly way: 'create' | 'createAi' | 'forTesting';
}
