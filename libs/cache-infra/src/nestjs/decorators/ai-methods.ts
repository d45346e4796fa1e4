import type { ModuleRef } from '@nestjs/core';

import type { ValidationProblem } from '../../base/errors.js';
import { classNameOf } from '../../keys/class-name.js';
import type { AiDecoration } from './ai-decoration.js';
import { ambiguousAi, findAi, missingAi } from './ai-lookup.js';
import { claimOperation, dependsOnInstance } from './ai-operations.js';
import type { Decorated } from './decorated-class.js';
import { differsBy, isStatic, nameOf, type Wrapper } from './instance-origin.js';
import { areInterchangeable } from './interchangeable-instances.js';
import { labelOf } from './method-key.js';

/** The problems of the methods with `@AiCached()` of an application: no AI cache, or answers that would be shared. */
export function aiProblems(moduleRef: ModuleRef, all: readonly Decorated[]): ValidationProblem[] {
  const providers = new Map<AiDecoration, Map<object, Wrapper>>();
  return all.flatMap(({ prototype, wrapper, aiMethods }) =>
    aiMethods.flatMap((decoration) => {
      const label = labelOf(decoration);
      const { cache } = decoration.options;
      const ai = findAi(moduleRef, cache);
      if (ai === undefined) return [missingAi(cache, label)];
      const first = firstOf(providers, decoration, prototype, wrapper);
      return [
        cache === undefined ? ambiguousAi(moduleRef, label) : undefined,
        claimOperation(ai, { decoration, prototype }),
        dependsOnInstance(decoration) ? differing(label, prototype, first, wrapper) : undefined,
      ].filter((problem) => problem !== undefined);
    }),
  );
}

/** The first provider of a class that has the method. */
function firstOf(
  providers: Map<AiDecoration, Map<object, Wrapper>>,
  decoration: AiDecoration,
  prototype: object,
  wrapper: Wrapper,
): Wrapper {
  const known = providers.get(decoration) ?? new Map<object, Wrapper>();
  providers.set(decoration, known);
  const first = known.get(prototype) ?? wrapper;
  known.set(prototype, first);
  return first;
}

/** Instances of one class that differ by what they were made from, which the request does not name. */
function differing(
  label: string,
  prototype: object,
  first: Wrapper,
  wrapper: Wrapper,
): ValidationProblem | undefined {
  const remedy = 'Name the difference in the request, request: function (…) { return { …, kind: this.… }; }';
  const from = isStatic(wrapper) ? undefined : differsBy(wrapper);
  if (from !== undefined) {
    const message = `${label} uses this, and its instances differ by ${from}: they would share answers. ${remedy}`;
    return { path: label, message };
  }
  if (first === wrapper || !isStatic(first) || !isStatic(wrapper) || areInterchangeable(first, wrapper)) {
    return undefined;
  }
  const { name } = classNameOf(prototype.constructor);
  const message = `${label} uses this, and ${nameOf(first)} and ${nameOf(wrapper)} are instances of ${name} that were constructed differently: they would share answers. ${remedy}`;
  return { path: label, message };
}
