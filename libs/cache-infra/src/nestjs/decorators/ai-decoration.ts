import 'reflect-metadata';

import type { AiCachedOptions } from './ai-cached-options.js';
import type { DecoratedMethod } from './method-key.js';

/** One `@AiCached()` on one method. */
export interface AiDecoration extends DecoratedMethod {
  readonly decorator: 'AiCached';
  readonly options: AiCachedOptions;
  /** False if the method's source has no `this`: its result does not depend on the instance. */
  readonly readsInstance: boolean;
}

const decorationsKey = Symbol.for('nestjs-cache-infra.aiDecorations');

/** The decorations on a prototype itself, without inherited ones. */
export function aiDecorationsOf(prototype: object): readonly AiDecoration[] {
  return (Reflect.getOwnMetadata(decorationsKey, prototype) as readonly AiDecoration[] | undefined) ?? [];
}

export function rememberAi(decoration: AiDecoration): void {
  const { prototype } = decoration;
  Reflect.defineMetadata(decorationsKey, [...aiDecorationsOf(prototype), decoration], prototype);
}
